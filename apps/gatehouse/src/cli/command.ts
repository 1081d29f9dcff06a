import type { Output } from '../output/output.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Io } from './io.ts'

export interface OptionSpec {
  readonly name: string
  readonly short?: string
  /** Placeholder of its value; none: a switch. */
  readonly value?: string
  readonly isMany?: boolean
  readonly isRequired?: boolean
  readonly description: string
}

export interface PositionalSpec {
  readonly name: string
  readonly description: string
  readonly isRequired?: boolean
  readonly isMany?: boolean
}

export interface Example {
  readonly command: string
  readonly explanation: string
}

/** One command: help text, parsing and the reference page all come from this. */
export interface Command {
  /** Words after `gatehouse`. */
  readonly name: string
  /** One line, no full stop. */
  readonly summary: string
  readonly description: string
  readonly options: readonly OptionSpec[]
  readonly positionals?: readonly PositionalSpec[]
  readonly examples: readonly Example[]
  /** Runs after the command line was checked. Throws GatewayError for what the user should read. */
  readonly run: (call: Call) => Promise<ExitCode>
}

/** One invocation. Options have been checked against the command's table. */
export interface Call {
  readonly io: Io
  readonly out: Output
  readonly positionals: readonly string[]
  text(option: string): string | undefined
  texts(option: string): readonly string[]
  flag(option: string): boolean
}

/** On every command. */
export const commonOptions: readonly OptionSpec[] = [
  { name: 'json', description: 'Write the result as JSON.' },
  { name: 'help', short: 'h', description: 'Show this help.' },
]

/** On every command that talks to a running gateway. */
export const connectOptions: readonly OptionSpec[] = [
  {
    name: 'connect',
    value: 'ADDRESS',
    description:
      'unix:/path or host:port of the gateway. Default: GATEHOUSE_CONNECT, else .gatehouse/control.sock in this folder or one above.',
  },
  { name: 'tls-cert', value: 'FILE', description: 'Client certificate (PEM) for host:port.' },
  { name: 'tls-key', value: 'FILE', description: 'Its key.' },
  { name: 'tls-ca', value: 'FILE', description: 'The authority of the service.' },
  { name: 'timeout', value: 'SECONDS', description: 'Longest wait for the answer. Default 10.' },
]
