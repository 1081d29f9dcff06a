/** Stands where something was taken out. */
export const REDACTED = '[redacted]'

/**
 * Names whose values never reach a log, at any depth: credentials, keys and what people wrote to each other.
 * Compared in lower case without `-` and `_`.
 */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'apikey',
  'authorization',
  'body',
  'bodies',
  'content',
  'cookie',
  'credentials',
  'encryptionkey',
  'keypem',
  'msbody',
  'mstextformat',
  'passphrase',
  'password',
  'pfx',
  'pin',
  'privatekey',
  'proxyauthorization',
  'secret',
  'secretkey',
  'secrets',
  'signingkey',
  'text',
  'token',
  'tokenkey',
])

const MAX_DEPTH = 6
/** A log line is read by people and shipped by agents; longer text belongs in a trace. */
const MAX_TEXT_CHARS = 4_000

/** A copy of `value` that is safe to log: secrets by name and by content gone, bytes counted, errors spelled out. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= MAX_DEPTH) return '[…]'
  if (value instanceof Error) return redactError(value, depth)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map((member) => redact(member, depth + 1))
  const clean: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    clean[name] = isSecretName(name) && member !== undefined ? REDACTED : redact(member, depth + 1)
  }
  return clean
}

function redactError(error: Error, depth: number): unknown {
  const known = error as Error & { code?: unknown; facts?: unknown; remedy?: unknown }
  return {
    name: error.name,
    message: redactText(error.message),
    ...(typeof known.code === 'string' ? { code: known.code } : {}),
    ...(typeof known.remedy === 'string' ? { remedy: known.remedy } : {}),
    ...(known.facts === undefined ? {} : { facts: redact(known.facts, depth + 1) }),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  }
}

function redactText(text: string): string {
  if (text.includes('PRIVATE KEY-----')) return REDACTED
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}…` : text
}

function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.toLowerCase().replaceAll(/[-_]/g, ''))
}
