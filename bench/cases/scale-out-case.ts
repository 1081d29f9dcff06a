import type { PeerRack } from '@gatehouse/test-integration'
import { sqliteStore, startClusterRelay } from '../relays/cluster-relay.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { measureRelay, type RelayResult } from './measure-relay.ts'

export interface ScaleOutStep {
  readonly replicas: number
  readonly messagesPerS: number
  /** All replicas and the archive together; flat is the aim. */
  readonly cpuUsPerMessage: number
  readonly cpuUsByProcess: Readonly<Record<string, number>>
}

export interface ScaleOutResult {
  readonly case: 'scale-out'
  readonly steps: readonly ScaleOutStep[]
  readonly errors: readonly string[]
}

const REPLICAS = [1, 2, 4]

/** Replicas of federation-peer over one bus and one archive; peers are spread over them. */
export async function measureScaleOut(rack: PeerRack, load: Parameters<typeof measureRelay>[2]): Promise<ScaleOutResult> {
  const steps: ScaleOutStep[] = []
  const errors: string[] = []
  for (const replicas of REPLICAS) {
    const relay: RelayCase = {
      name: `replicas-${replicas}`,
      what: '',
      minVias: 2,
      missing: () => undefined,
      start: (order, folder) => startClusterRelay(order, folder, replicas, sqliteStore),
    }
    const result: RelayResult = await measureRelay(rack, relay, load)
    const { messagesPerS, cpuUsPerMessage, cpuUsByProcess } = result
    steps.push({ replicas, messagesPerS, cpuUsPerMessage, cpuUsByProcess })
    errors.push(...result.errors)
  }
  return { case: 'scale-out', steps, errors }
}
