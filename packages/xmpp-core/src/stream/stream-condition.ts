/** Conditions of a stream error that we send or tell apart (RFC 6120 §4.9.3). */
export const streamConditions = [
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
] as const

export type StreamCondition = (typeof streamConditions)[number]

const KNOWN: ReadonlySet<string> = new Set(streamConditions)

/** What a peer names as condition; anything else counts as undefined (RFC 6120 §4.9.3.21). */
export function streamConditionOf(name: string | undefined): StreamCondition {
  return name !== undefined && KNOWN.has(name) ? (name as StreamCondition) : 'undefined-condition'
}
