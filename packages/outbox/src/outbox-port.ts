import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { OutboxItem } from './outbox-item.ts'

/** What one attempt came to. */
export interface Attempt {
  readonly outcome: DeliveryOutcome
  /**
   * With a certain failure: what it holds up. `destination`: all of it is away still. `conversation`: this message has to wait, others need
   * not. `nothing`: this message will never be delivered.
   */
  readonly holdsUp: 'destination' | 'conversation' | 'nothing'
}

/** How a message ceased to wait. */
export interface OutboxEnd {
  readonly result: 'delivered' | 'expired' | 'failed' | 'dropped'
  readonly code: string
  readonly detail: string
  /** The far side's, or that of the code. */
  readonly sipStatus: number
  /** False: the recipient may have it all the same. */
  readonly isCertain: boolean
}

/** The service that owns a port: it knows how to deliver and how to tell the sender. */
export interface OutboxPort {
  /** `sip`, `xmpp` …: the name of the work queue. */
  readonly name: string
  /** One attempt, with today's policy and the message's own identifiers. Never rejects. */
  deliver(item: OutboxItem): Promise<Attempt>
  /** An operator wants the destination tried at once: what the port itself waits for, it waits for no longer. */
  wake?(destination: string): void
  /**
   * Puts the end on record and tells the sender; resolves when nothing of that can be lost any more. After a crash it may be called
   * again for the same item. When it rejects, it is called again later.
   */
  ended(item: OutboxItem, end: OutboxEnd): Promise<void>
}
