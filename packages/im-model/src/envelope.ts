/** What a message is, whatever protocol carried it. */
export type EnvelopeKind = 'message' | 'typing' | 'receipt' | 'presence' | 'session' | 'other'

/** Which way a message goes through the gate. */
export type Direction = 'inbound' | 'outbound' | 'transit'

/** LCS's mark of a sender. */
export type Mark = 'verified' | 'unverified'

/** Evidence class behind a mark: V3 cryptographic … V0 nothing. */
export type EvidenceClass = 'V0' | 'V1' | 'V2' | 'V3'
