import { findTool } from '@gatehouse/test-integration'
import { startListener, stopChild } from './bench-child.ts'
import { startGatehouseRelay } from './gatehouse-relay.ts'
import { startKamailioRelay } from './kamailio-relay.ts'
import type { RelayCase } from './relay-case.ts'

/** All relays, in the order they are measured in each round. */
export const relayCases: readonly RelayCase[] = [
  {
    name: 'floor',
    what: 'mutual-TLS byte relay in Node that parses nothing',
    missing: () => undefined,
    async start(order) {
      const child = await startListener('floor-process.ts', order)
      return { pids: [child.pid as number], stop: () => stopChild(child) }
    },
  },
  {
    name: 'gatehouse',
    what: 'Gatehouse without archive: certificate, policy, transactions, proxy',
    missing: () => undefined,
    start: (order, folder) => startGatehouseRelay(order, folder, 'off'),
  },
  {
    name: 'gatehouse-archive',
    what: 'Gatehouse with the archive committed to SQLite before the answer, in the same process',
    missing: () => undefined,
    start: (order, folder) => startGatehouseRelay(order, folder, 'required'),
  },
  {
    name: 'kamailio',
    what: 'Kamailio, stateful mutual-TLS relay with certificate/From check and allow-list',
    missing: () => (findTool('kamailio') === undefined ? 'kamailio is not installed (test-integration/install-peers.sh)' : undefined),
    async start(order, folder) {
      const kamailio = await startKamailioRelay(order, folder)
      return { pids: [kamailio.pid], stop: () => kamailio.stop() }
    },
  },
]
