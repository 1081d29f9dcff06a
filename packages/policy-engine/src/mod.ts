export type { DecisionInput, EvidenceNeeded, SrvEvidence, SrvTarget } from './input.ts'
