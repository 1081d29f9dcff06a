export type { Bus, BusHeaders, BusKv, BusMessage, BusReply, BusStatus, BusSubscription, KvEntry } from './bus.ts'
export { createEmbeddedBus, type EmbeddedBusDeps } from './embedded-bus.ts'
export type { KvStore } from './embedded-kv.ts'
export { busCodes } from './errors.ts'
export { type KvFile, openKvFile } from './kv-file.ts'
export { connectNatsBus } from './nats-bus.ts'
export { hasNatsFeature, type NatsFeature, natsFeatures } from './nats-features.ts'
export type { NatsBusDeps, NatsBusOptions } from './nats-options.ts'
export {
  allEvents,
  bridgeToldSubject,
  busSubjects,
  deliverAtSubject,
  deliverSubject,
  eventSubject,
  peeringTellSubject,
  type SubjectEntry,
  subjectEntries,
} from './subjects.ts'
export { type SetTimer, TimerWheel, type WheelEntry } from './timer-wheel.ts'
export { openWorkFile, type WorkFile } from './work-file.ts'
export type { LaneState, NewWork, PulledWork, PutOutcome, Work, WorkQueue } from './work-queue.ts'
