export type { AppendOutcome } from './append-outcome.ts'
export {
  ArchiveClient,
  type ArchiveClientDeps,
  type ArchiveClientOptions,
  type ArchiveClientStats,
} from './archive-client.ts'
export type { DecisionFields } from './decision-encoder.ts'
export { EnvelopeIds } from './envelope-ids.ts'
export { archiveClientCodes } from './errors.ts'
export { type OutcomeFields, OutcomePacker, type PackedOutcomes } from './outcome-packer.ts'
export { type EnvelopeFields, type PeerFields, RecordEncoder } from './record-encoder.ts'
export type { FactsSeenFields, ReceiptFields, SrvSeenFields } from './write-receipt.ts'
