import { ChurnMap } from '@gatehouse/churn-map'
import type { ClientTransaction } from './client-transaction.ts'
import type { ServerTransaction } from './server-transaction.ts'
import type { ConnectionId } from './transaction-user.ts'

type AnyTransaction = ClientTransaction | ServerTransaction

interface Entry {
  servers: number
  clients: number
  first: AnyTransaction | undefined
}

/** Which transactions are open on which connection. A connection without open transactions costs nothing. */
export class ConnectionBook {
  readonly #entries = new ChurnMap<ConnectionId, Entry>()

  add(transaction: AnyTransaction): void {
    let entry = this.#entries.get(transaction.connection)
    if (entry === undefined) {
      entry = { servers: 0, clients: 0, first: undefined }
      this.#entries.add(transaction.connection, entry)
    }
    if (transaction.isServer) entry.servers++
    else entry.clients++
    transaction.nextOnConnection = entry.first
    if (entry.first !== undefined) entry.first.previousOnConnection = transaction
    entry.first = transaction
  }

  remove(transaction: AnyTransaction): void {
    const entry = this.#entries.get(transaction.connection)
    if (entry === undefined) return
    const previous = transaction.previousOnConnection
    const next = transaction.nextOnConnection
    if (previous === undefined) entry.first = next as AnyTransaction | undefined
    else previous.nextOnConnection = next
    if (next !== undefined) next.previousOnConnection = previous
    transaction.previousOnConnection = undefined
    transaction.nextOnConnection = undefined
    if (transaction.isServer) entry.servers--
    else entry.clients--
    if (entry.first === undefined) this.#entries.delete(transaction.connection)
  }

  servers(connection: ConnectionId): number {
    return this.#entries.get(connection)?.servers ?? 0
  }

  clients(connection: ConnectionId): number {
    return this.#entries.get(connection)?.clients ?? 0
  }

  /** A snapshot, so that whoever walks it may end transactions on the way. */
  openOn(connection: ConnectionId): AnyTransaction[] {
    const open: AnyTransaction[] = []
    let next = this.#entries.get(connection)?.first
    while (next !== undefined) {
      open.push(next)
      next = next.nextOnConnection as AnyTransaction | undefined
    }
    return open
  }

  get size(): number {
    return this.#entries.size
  }
}
