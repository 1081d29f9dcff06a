export { userKey } from './address-key.ts'
export { compileSnapshot, SnapshotCompiler } from './compile-snapshot.ts'
export { decide, explain, weigh } from './decide.ts'
export type {
  AllowedDomainSpec,
  ArchivingSpec,
  BlockEntrySpec,
  ClearinghouseSpec,
  ContentFilterSpec,
  EthicalWallSpec,
  FederationSettingsSpec,
  GroupSpec,
  HomeSystem,
  InspectorSpec,
  InternalDomainSpec,
  LimitsSpec,
  MethodFilterSpec,
  NetworkSpec,
  PartnerSpec,
  PolicyKind,
  PolicyObject,
  PolicySpecs,
  ProviderSpec,
  RightsSpec,
  SnapshotDocument,
  StartRight,
  TraceExchange,
  TrafficScope,
  UserRightsSpec,
  UserSettingsSpec,
  VerificationLevel,
  WallSideSpec,
} from './document.ts'
export { findBlock, findNetwork, homeSystemOf, isInternalDomain } from './domain-lookup.ts'
export type { PolicyCode } from './errors.ts'
export { policyCodes } from './errors.ts'
export { describeFacts } from './facts/describe-facts.ts'
export type { EffectiveFacts, Stated } from './facts/effective-facts.ts'
export type { FactsFinder } from './facts/facts-of.ts'
export { factsOf } from './facts/facts-of.ts'
export type { UserFacts } from './facts/user-facts.ts'
export { failedFacts, unknownUser } from './facts/user-facts.ts'
export type { BridgeEvidence, DecisionInput, EvidenceNeeded, SrvEvidence, SrvTarget } from './input.ts'
export { relationOf, sideOf } from './look-up.ts'
export { carriesHost, isHostDirectlyIn, matchSipDomain } from './names.ts'
export { noteResponse } from './note-response.ts'
export { restoreCounter } from './restore-counter.ts'
export { ruleOrder } from './rules/rule-order.ts'
export type { Relation, Snapshot } from './snapshot.ts'
export type { DecisionStateOptions } from './state/decision-state.ts'
export { DecisionState } from './state/decision-state.ts'
export type { WatchedPeer } from './state/watch-list.ts'
