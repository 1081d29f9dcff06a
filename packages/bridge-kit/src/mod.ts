export type { LinkedAccount } from './account.ts'
export { accountOfAddress, addressOfAccount } from './account-address.ts'
export type { Addressing } from './addressing.ts'
export { Backoff, type BackoffOptions } from './backoff.ts'
export {
  CAPABILITY_FEATURES,
  CAPABILITY_LEVELS,
  type Capabilities,
  type CapabilityFeature,
  type CapabilityLevel,
  type CapabilityLimits,
  capabilitiesKey,
  carries,
} from './capabilities.ts'
export type { BridgeConnector, ConnectorInfo } from './connector.ts'
export type {
  ConnectorClock,
  ConnectorContext,
  ConnectorDns,
  ConnectorDomains,
  ConnectorLimits,
  ConnectorSecrets,
  ConnectorStore,
  Intake,
  SecureAnswer,
  SecureDns,
  ServedDomain,
  Siblings,
  SrvAnswer,
  SrvTarget,
  TlsaRecord,
} from './context.ts'
export type { ConnectorFactory } from './factory.ts'
export {
  type AccountHandling,
  CONNECTOR_FEATURES,
  type ConnectorFeature,
  type FileHandling,
  type GroupHandling,
  type PresenceHandling,
  type ReceiptHandling,
  type RichTextHandling,
  type SessionHandling,
  supports,
  type TypingHandling,
} from './features.ts'
export { givenUpWords } from './given-up-words.ts'
export type { Handover } from './handover.ts'
export { type AccountId, accountId, type NetworkAddress, networkAddress, type RemoteId, remoteId } from './ids.ts'
export type { Evidence, Incoming, Source } from './incoming.ts'
export type { ReceiveOutcome } from './receive-outcome.ts'
export { CONNECTION_STATES, type ConnectionState, type StateReport } from './state.ts'
export type { ListenOptions, TlsWish, Wire, WireListener, WireSecurity, Wires } from './wires.ts'
