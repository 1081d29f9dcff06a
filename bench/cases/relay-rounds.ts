import type { PeerRack } from '@gatehouse/test-integration'
import { USUAL_BODY_BYTES } from '../load/message-template.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { keepResult, type Results } from '../report/keep-result.ts'
import { type LoadShape, measureRelay, type RelayResult } from './measure-relay.ts'

export const USUAL_PEERS = 4

/** All relays with one shape of load, in alternation: a busy minute of the machine must not fall on one of them only. */
export async function runRelays(
  { rack, results: kept }: { readonly rack: PeerRack; readonly results: Results },
  relays: readonly RelayCase[],
  load: LoadShape,
  rounds: number,
): Promise<RelayResult[]> {
  const results = new Map<string, RelayResult[]>()
  for (let round = 0; round < rounds; round += 1) {
    for (const relay of relays) {
      const result = await measureRelay(rack, relay, load)
      results.set(relay.name, [...(results.get(relay.name) ?? []), result])
      for (const error of result.errors) process.stderr.write(`bench: ${relay.name}: ${error}\n`)
    }
  }
  // What disturbs a round only adds: the one with the least CPU counts, and its latency and throughput with it.
  const best = [...results.values()].map((all) => all.reduce((a, b) => (b.cpuUsPerMessage < a.cpuUsPerMessage ? b : a)))
  const floor = best.find((each) => each.case === 'floor')
  const kamailio = (hasArchive: boolean): RelayResult | undefined =>
    best.find((each) => each.case === (hasArchive ? 'kamailio-acc' : 'kamailio'))
  for (const each of best) {
    const peer = kamailio(each.case !== 'gatehouse' && each.case !== 'kamailio')
    keepResult(kept, `${each.case}${shapeSuffix(load)}`, {
      ...each,
      ratioToFloor: ratio(each, floor),
      ratioToKamailio: each.case.startsWith('kamailio') || each.case === 'floor' ? undefined : ratio(each, peer),
      rounds,
      cpuUsOfAllRounds: results.get(each.case)?.map(({ cpuUsPerMessage }) => cpuUsPerMessage),
    })
  }
  return best
}

function ratio(one: RelayResult, other: RelayResult | undefined): number | undefined {
  return other === undefined ? undefined : Math.round((one.cpuUsPerMessage / other.cpuUsPerMessage) * 1000) / 1000
}

function shapeSuffix({ peers, bodyBytes }: LoadShape): string {
  const parts = [peers === USUAL_PEERS ? '' : `-${peers}-peers`, bodyBytes === USUAL_BODY_BYTES ? '' : `-${bodyBytes}-bytes`]
  return parts.join('')
}
