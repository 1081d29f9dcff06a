import { findTool } from '@gatehouse/test-integration'
import { startListener, stopChild } from './bench-child.ts'
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
    name: 'kamailio',
    what: 'Kamailio, stateful mutual-TLS relay with certificate/From check and allow-list',
    missing: () => (findTool('kamailio') === undefined ? 'kamailio is not installed (test-integration/install-peers.sh)' : undefined),
    async start(order, folder) {
      const kamailio = await startKamailioRelay(order, folder)
      return { pids: [kamailio.pid], stop: () => kamailio.stop() }
    },
  },
]
