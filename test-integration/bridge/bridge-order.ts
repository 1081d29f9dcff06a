import { join } from 'node:path'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { type ManagedProcess, startProcess } from '../peers-kit/managed-process.ts'
import type { RunningNats } from '../peers-kit/nats-server.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'

const NODE_FLAGS = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning']

/** What one replica of the bridge in a process of its own is told. */
export interface BridgeOrder {
  readonly nats: Pick<RunningNats, 'server' | 'monitor'>
  readonly replica: string
  /** As `publicImBridge.networks` and its neighbours; one with the protocol `tcpchat` reaches the chat server of the test. */
  readonly bridge: Readonly<Record<string, unknown>>
  /** The networks of the policy; everything may pass, nothing is archived. */
  readonly networks: readonly PolicyObject[]
  /** Messages may wait. */
  readonly hasOutbox: boolean
}

/** One network as policy has it. `queue`: its messages may wait for an hour. */
export function networkPolicy(name: string, protocol: string, domain: string, hasQueue: boolean): PolicyObject {
  return {
    kind: 'Network',
    name,
    spec: {
      protocol,
      domains: [domain],
      openDomains: false,
      public: true,
      enabled: true,
      verification: 'useSourceVerification',
      minEvidence: 'V0',
      kinds: ['message'],
      ...(hasQueue ? { queue: { enabled: true, maxAgeMinutes: 60, uncertain: 'fail' } } : {}),
    },
  }
}

/** Starts a replica; resolves when it serves. */
export async function startBridgeProcess(rack: PeerRack, order: BridgeOrder): Promise<ManagedProcess> {
  return rack.add(
    await startProcess({
      name: order.replica,
      command: process.execPath,
      args: [...NODE_FLAGS, join(import.meta.dirname, 'bridge-process.ts'), JSON.stringify(order)],
      logFile: rack.path(`${order.replica}.log`),
      ready: { line: /bridge ready/ },
      readyTimeoutMs: 60_000,
    }),
  )
}
