import type { Authority } from '@gatehouse/lab'
import type { Pauses } from '@gatehouse/test-integration'
import type { RelayOrder } from '../load/load-orders.ts'

/** Something that stands between the load generator and the sink. */
export interface RelayCase {
  readonly name: string
  readonly what: string
  /** Via headers that it and the sender leave on a request. */
  readonly minVias: number
  /** Whose certificates everybody has, when the relay needs more of them itself. */
  readonly authority?: Authority
  /** Why it cannot be measured here; undefined when it can. */
  readonly missing: () => string | undefined
  start(order: RelayOrder, folder: string): Promise<RunningRelay>
}

export interface RelayProcess {
  readonly name: string
  readonly pid: number
  /** Part of the product; a bus or a database is not. */
  readonly isOwn: boolean
}

export interface RunningRelay {
  /** Each counts with all its children. */
  readonly processes: readonly RelayProcess[]
  /** Where peers connect; absent: where the order said. */
  readonly targets?: readonly { readonly host: string; readonly port: number }[]
  /** Who sends, when it is not partners who write to us: servers of ours with this name, to people of another domain. */
  readonly senders?: { readonly servername: string; readonly domain: string; readonly host: string; readonly toDomain: string }
  /** What kept the gate's event loop from its work since this was last asked; absent where nobody can say. */
  takePauses?(): Promise<Pauses | undefined>
  stop(): Promise<void>
}
