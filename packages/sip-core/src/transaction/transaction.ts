import type { DeadlineQueue, Waiting } from './deadline-queue.ts'
import type { ConnectionId } from './transaction-user.ts'

/** What client and server transactions have in common: one connection, one running timer, one place in two lists. */
export abstract class Transaction implements Waiting {
  abstract readonly isServer: boolean
  readonly connection: ConnectionId
  /** Slot for the user; never read here. */
  context: unknown
  /** @internal */ deadlineMs = 0
  /** @internal */ queue: DeadlineQueue | undefined = undefined
  /** @internal */ earlier: Waiting | undefined = undefined
  /** @internal */ later: Waiting | undefined = undefined
  /** @internal Neighbours in the list of its connection. */
  previousOnConnection: Transaction | undefined = undefined
  /** @internal */ nextOnConnection: Transaction | undefined = undefined

  constructor(connection: ConnectionId, context: unknown) {
    this.connection = connection
    this.context = context
  }
}
