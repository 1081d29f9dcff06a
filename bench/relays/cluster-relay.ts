import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, type RunningNats, startNats } from '@gatehouse/test-integration'
import type { RelayOrder } from '../load/load-orders.ts'
import { startListener, stopChild } from '../processes/bench-child.ts'
import { startGatehouseRelay } from './gatehouse-relay.ts'
import { openDatabase } from './open-database.ts'
import type { RelayProcess, RunningRelay } from './relay-case.ts'

/** Where the archive of a cluster keeps its log. */
export interface ClusterStore {
  /** As in an `archive` configuration. */
  readonly config: object
  readonly processes: readonly RelayProcess[]
  stop(): Promise<void>
}

/** Those of apps/gatehouse/bin/gatehouse.mjs. */
const SERVICE_FLAGS = ['--max-semi-space-size=64', '--no-parallel-scavenge']

export function sqliteStore(folder: string): Promise<ClusterStore> {
  return Promise.resolve({
    config: { databaseFile: join(folder, 'archive.db'), commitThread: 'same' },
    processes: [],
    stop: () => Promise.resolve(),
  })
}

export async function postgresStore(folder: string): Promise<ClusterStore> {
  const database = await openDatabase('archive')
  const urlFile = join(folder, 'archive.url')
  writeFileSync(urlFile, database.url, { mode: 0o600 })
  return {
    config: { databaseFile: join(folder, 'archive.db'), postgres: { urlFile } },
    processes: [{ name: 'postgres', pid: database.server.pid, isOwn: false }],
    stop: () => database.stop(),
  }
}

/** Replicas of federation-peer and an archive service, processes of their own, over a real nats-server. */
export async function startClusterRelay(
  order: RelayOrder,
  folder: string,
  replicas: number,
  openStore: (folder: string) => Promise<ClusterStore>,
): Promise<RunningRelay> {
  mkdirSync(folder, { recursive: true })
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    const nats: RunningNats = await startNats(join(folder, 'nats'))
    stops.push(() => nats.stop())
    const store = await openStore(folder)
    stops.push(() => store.stop())
    const archive = await startListener('relays/archive-process.ts', { natsServer: nats.server, config: store.config }, SERVICE_FLAGS)
    stops.push(() => stopChild(archive))
    const processes: RelayProcess[] = [
      { name: 'nats-server', pid: nats.process.pid, isOwn: false },
      ...store.processes,
      { name: 'archive', pid: archive.pid as number, isOwn: true },
    ]
    const targets: { host: string; port: number }[] = []
    for (let index = 0; index < replicas; index += 1) {
      const port = index === 0 ? order.port : await freePort()
      const replica = `gate-${index}`
      const plan = { duty: 'required', hasArchive: false, natsServer: nats.server, replica } as const
      const gate = await startGatehouseRelay({ ...order, port }, join(folder, replica), plan)
      stops.push(() => gate.stop())
      processes.push(...gate.processes)
      targets.push({ host: order.host, port })
    }
    return { processes, targets, stop }
  } catch (problem) {
    await stop()
    throw problem
  }
}
