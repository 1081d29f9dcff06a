export { compileSnapshot } from './compile-snapshot.ts'
export { decide, explain } from './decide.ts'
export type {
  AllowedDomainSpec,
  ArchivingSpec,
  BlockEntrySpec,
  ClearinghouseSpec,
  ContentFilterSpec,
  FederationSettingsSpec,
  InspectorSpec,
  InternalDomainSpec,
  LimitsSpec,
  MethodFilterSpec,
  PartnerSpec,
  PolicyKind,
  PolicyObject,
  PolicySpecs,
  ProviderSpec,
  SnapshotDocument,
  TrafficScope,
  UserRightsSpec,
  VerificationLevel,
} from './document.ts'
export type { PolicyCode } from './errors.ts'
export { policyCodes } from './errors.ts'
export type { DecisionInput, EvidenceNeeded, SrvEvidence, SrvTarget } from './input.ts'
export { relationOf, sideOf } from './look-up.ts'
export { carriesHost, isHostDirectlyIn, matchSipDomain } from './names.ts'
export { noteResponse } from './note-response.ts'
export { ruleOrder } from './rules/rule-order.ts'
export type { Relation, Snapshot } from './snapshot.ts'
export type { DecisionStateOptions } from './state/decision-state.ts'
export { DecisionState } from './state/decision-state.ts'
export type { WatchedPeer } from './state/watch-list.ts'
