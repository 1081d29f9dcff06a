import type { EdgeSide, Envelope, EvidenceClass, ImContent, Mark } from '@gatehouse/im-model'
import type { AccountId } from './ids.ts'

/** One event for the network, as the core hands it over. Decided on and on record; the connector only brings it over. */
export interface Handover<Content extends ImContent = ImContent> {
  readonly envelope: Omit<Envelope, 'content'> & { readonly content: Content }
  /** `external`: to the network; `internal`: to a home system of ours that speaks its protocol. */
  readonly side: EdgeSide
  /** Account networks: the account of `envelope.from`, connected here. */
  readonly account: AccountId | undefined
  readonly mark: Mark
  readonly evidence: EvidenceClass
  /** Milliseconds since the epoch at which the core stops waiting and calls the delivery uncertain. */
  readonly deadlineMs: number
  /** It waited in an outbox, which has a back-off of its own: the connector tries at once, whatever its own back-off says. */
  readonly waited?: boolean | undefined
}
