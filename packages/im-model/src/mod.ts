export type { ImAddress } from './address.ts'
export { addressKey, isSameOrSubdomain, normaliseDomain, parseAddress } from './address.ts'
export type {
  ArchiveDuty,
  ArchiveMode,
  Decision,
  Destination,
  InsideDestination,
  InspectorCall,
  NetworkDestination,
  PeerDestination,
  ProofStep,
  QueueRule,
  Verdict,
} from './decision.ts'
export type { DeliveryOutcome, DeliveryStatus } from './delivery-outcome.ts'
export type { Direction, Envelope, EnvelopeKind, EvidenceClass, Mark, MessageContent } from './envelope.ts'
export type {
  FileOffer,
  ImContent,
  MessageEvent,
  PresenceEvent,
  ReceiptEvent,
  ReceiptWish,
  SessionEvent,
  TypingEvent,
} from './im-content.ts'
export { kindOfMethod } from './kind-of-method.ts'
export { type EdgeSide, type NameMatch, NOBODY, type PeerClass, type PeerIdentity, type PeerNames } from './peer.ts'
