export {
  type AppendOutcome,
  ArchiveClient,
  type ArchiveClientDeps,
  type ArchiveClientOptions,
  type ArchiveClientStats,
} from './archive-client.ts'
export { archiveClientCodes } from './errors.ts'
export { type DecisionFields, type EnvelopeFields, type OutcomeFields, type PeerFields, RecordEncoder } from './record-encoder.ts'
