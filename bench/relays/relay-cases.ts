import { findTool, skipWithoutPostgres } from '@gatehouse/test-integration'
import { startListener, stopChild } from '../processes/bench-child.ts'
import { postgresStore, sqliteStore, startClusterRelay } from './cluster-relay.ts'
import { startGatehouseRelay } from './gatehouse-relay.ts'
import { startKamailioRelay } from './kamailio-relay.ts'
import type { RelayCase } from './relay-case.ts'

const always = (): undefined => undefined
const withTools =
  (...names: readonly string[]) =>
  (): string | undefined => {
    const missing = names.filter((name) => findTool(name) === undefined)
    return missing.length === 0 ? undefined : `${missing.join(', ')} is not installed (test-integration/install-peers.sh)`
  }

/** All relays, in the order they are measured in each round. */
export const relayCases: readonly RelayCase[] = [
  {
    name: 'floor',
    what: 'mutual-TLS byte relay in Node that parses nothing',
    minVias: 1,
    missing: always,
    async start(order) {
      const child = await startListener('relays/floor-process.ts', order)
      return { processes: [{ name: 'floor', pid: child.pid as number, isOwn: true }], stop: () => stopChild(child) }
    },
  },
  {
    name: 'gatehouse',
    what: 'Gatehouse without archive: certificate, policy, transactions, proxy',
    minVias: 2,
    missing: always,
    start: (order, folder) => startGatehouseRelay(order, folder, { duty: 'off', hasArchive: false }),
  },
  {
    name: 'gatehouse-traced',
    what: 'the same with 1 % of the messages traced and sent to a collector',
    minVias: 2,
    missing: always,
    start: (order, folder) => startGatehouseRelay(order, folder, { duty: 'off', hasArchive: false, traceRatio: 0.01 }),
  },
  {
    name: 'gatehouse-traced-all',
    what: 'the same with every message traced',
    minVias: 2,
    missing: always,
    start: (order, folder) => startGatehouseRelay(order, folder, { duty: 'off', hasArchive: false, traceRatio: 1 }),
  },
  {
    name: 'gatehouse-helpers',
    what: 'Gatehouse without archive, its young garbage collected by several threads, as Node does by itself',
    minVias: 2,
    missing: always,
    start: (order, folder) =>
      startGatehouseRelay(order, folder, {
        duty: 'off',
        hasArchive: false,
        nodeFlags: ['--max-semi-space-size=64', '--parallel-scavenge'],
      }),
  },
  {
    name: 'gatehouse-archive',
    what: 'Gatehouse with the archive committed to SQLite before the answer, in the same process',
    minVias: 2,
    missing: always,
    start: (order, folder) => startGatehouseRelay(order, folder, { duty: 'required', hasArchive: true }),
  },
  {
    name: 'gatehouse-nats',
    what: 'Gatehouse and archive with SQLite, processes of their own, over NATS',
    minVias: 2,
    missing: withTools('nats-server'),
    start: (order, folder) => startClusterRelay(order, folder, 1, sqliteStore),
  },
  {
    name: 'gatehouse-cluster',
    what: 'the same with the archive in PostgreSQL',
    minVias: 2,
    missing: () => withTools('nats-server')() ?? (skipWithoutPostgres() || undefined),
    start: (order, folder) => startClusterRelay(order, folder, 1, postgresStore),
  },
  {
    name: 'kamailio',
    what: 'Kamailio, stateful mutual-TLS relay with certificate/From check and allow-list',
    minVias: 2,
    missing: withTools('kamailio'),
    start: (order, folder) => startKamailioRelay(order, folder, false),
  },
  {
    name: 'kamailio-acc',
    what: 'the same, each message in its accounting table in PostgreSQL first',
    minVias: 2,
    missing: () => withTools('kamailio')() ?? (skipWithoutPostgres() || undefined),
    start: (order, folder) => startKamailioRelay(order, folder, true),
  },
]
