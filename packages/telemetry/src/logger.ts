import pino from 'pino'
import { addressHasher } from './hash-addresses.ts'
import { prettyLine } from './pretty-line.ts'
import { redact } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Facts first, sentence second. No secrets and no bodies belong in the facts; those that get there are taken out. */
export interface Logger {
  debug(facts: object, text: string): void
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
  error(facts: object, text: string): void
  /** A logger that adds `facts` to each of its lines. */
  child(facts: object): Logger
  isEnabled(level: LogLevel): boolean
}

export interface LoggerOptions {
  readonly service: string
  readonly level: LogLevel
  /** Gets whole lines; `process.stderr` does. */
  readonly destination: { write(text: string): unknown }
  /** Readable lines instead of JSON; only for a terminal. */
  readonly isPretty?: boolean
  /** Colours in readable lines. */
  readonly hasColours?: boolean
  /** Writes `user@domain` as `h~<hash>@domain`, the same hash for the same user and key. */
  readonly hashAddresses?: { readonly key: string }
  /** Milliseconds since the epoch; the system's clock when not given. */
  readonly nowMs?: () => number
}

/** A JSON logger: one object per line, keys `level`, `time`, `service`, `message` and the facts. */
export function createLogger(options: LoggerOptions): Logger {
  const hash = options.hashAddresses === undefined ? undefined : addressHasher(options.hashAddresses.key)
  const isPretty = options.isPretty === true
  const hasColours = options.hasColours === true
  const nowMs = options.nowMs ?? Date.now
  const logger = pino(
    {
      level: options.level,
      base: { service: options.service },
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
      // Our own redaction reaches every depth and also finds keys by their content, so `err` goes through it too.
      serializers: { err: (value: unknown) => value },
      formatters: {
        level: (label) => ({ level: label }),
        log: (facts) => redact(facts) as Record<string, unknown>,
        bindings: (facts) => redact(facts) as Record<string, unknown>,
      },
      hooks: {
        streamWrite: (line) => {
          const clean = hash === undefined ? line : hash(line)
          return isPretty ? prettyLine(clean, hasColours) : clean
        },
      },
    },
    { write: (line: string) => void options.destination.write(line) },
  )
  return wrap(logger)
}

function wrap(logger: pino.Logger): Logger {
  return {
    debug: (facts, text) => logger.debug(facts, text),
    info: (facts, text) => logger.info(facts, text),
    warn: (facts, text) => logger.warn(facts, text),
    error: (facts, text) => logger.error(facts, text),
    child: (facts) => wrap(logger.child(redact(facts) as Record<string, unknown>)),
    isEnabled: (level) => logger.isLevelEnabled(level),
  }
}

/** Takes everything and keeps nothing: for tests and for parts that were given no logger. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
  isEnabled: () => false,
}
