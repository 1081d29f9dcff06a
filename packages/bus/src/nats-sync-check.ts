import { messageOf } from '@gatehouse/errors'
import { busError } from './errors.ts'

/** What `/jsz` of a server's monitoring address tells of interest. */
export interface JetStreamStatus {
  readonly server_id?: string
  readonly config?: { readonly sync_always?: boolean }
  readonly meta_cluster?: { readonly cluster_size?: number }
}

export type ReadMonitor = (url: string) => Promise<JetStreamStatus>

/** Reads `/jsz` of a monitoring address such as `http://127.0.0.1:8222`. */
export async function readMonitor(url: string): Promise<JetStreamStatus> {
  const answer = await fetch(new URL('/jsz', url), { signal: AbortSignal.timeout(5_000) })
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  return (await answer.json()) as JetStreamStatus
}

/**
 * Throws GH-BUS-NOT-SYNCED unless every server of the cluster writes to its disk before it acknowledges (`sync_interval: always`).
 * A client cannot ask a server for that over NATS without the system account, so the monitoring addresses are asked.
 */
export async function requireSyncAlways(
  urls: readonly string[],
  connectedServerId: string,
  read: ReadMonitor = readMonitor,
): Promise<void> {
  if (urls.length === 0) throw busError('GH-BUS-NOT-SYNCED', 'No monitoring address is configured.')
  const ids = new Set<string>()
  let clusterSize = 1
  for (const url of urls) {
    const status = await read(url).catch((thrown: unknown) => {
      throw busError('GH-BUS-NOT-SYNCED', `${url}: ${messageOf(thrown)}`, { cause: thrown })
    })
    if (status.config?.sync_always !== true) throw busError('GH-BUS-NOT-SYNCED', `${url} syncs at intervals.`)
    ids.add(status.server_id ?? '')
    clusterSize = Math.max(clusterSize, status.meta_cluster?.cluster_size ?? 1)
  }
  if (!ids.has(connectedServerId)) throw busError('GH-BUS-NOT-SYNCED', 'The server we are connected to is not behind a monitoring address.')
  if (ids.size < clusterSize) throw busError('GH-BUS-NOT-SYNCED', `${ids.size} of ${clusterSize} servers have a monitoring address.`)
}
