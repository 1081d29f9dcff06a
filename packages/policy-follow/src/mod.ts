export { type Assembled, type AssembleOptions, assembleSnapshot, type ReadChunks } from './assemble-snapshot.ts'
export { type DecideAgainDeps, decideAgain, type JudgedInput } from './decide-again.ts'
export type { FollowCode } from './errors.ts'
export { followCodes } from './errors.ts'
export { defaultFactsCacheOptions, encodeFactsChanged, FactsCache, type FactsCacheDeps, type FactsCacheOptions } from './facts-cache.ts'
export { factsFromMessage, factsToMessage, MAX_FACTS_PER_REQUEST, rightsFromMessage, rightsToMessage } from './facts-message.ts'
export { FactsNotes, type FactsNotesDeps, type HeldNote } from './facts-notes.ts'
export { encodeManifest, hashOfPartKey, type Manifest, type ManifestChunk, partKey } from './manifest.ts'
export { observeSnapshots, snapshotMetrics } from './metrics.ts'
export { keyIdOf, readPublicKey, seal, type Unsealed, unseal } from './seal.ts'
export { type FollowerDeps, type FollowerLog, type Refusal, SnapshotFollower } from './snapshot-follower.ts'
export {
  decodeHead,
  decodeSnapshot,
  encodeHeartbeat,
  encodeSnapshot,
  HEARTBEAT_KEY,
  type Heartbeat,
  SNAPSHOT_KEY,
} from './snapshot-payload.ts'
export { SnapshotSplitter, type SplitSnapshot, splitSnapshot } from './split-snapshot.ts'
