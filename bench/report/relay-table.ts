import type { RelayResult } from '../cases/measure-relay.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { textTable } from './text-table.ts'

/** What a person reads: one line per relay, with its cost as a multiple of the floor's. */
export function relayTable(results: readonly RelayResult[], cases: readonly RelayCase[]): string {
  const floorOf = (one: RelayResult): number | undefined =>
    results.find((each) => each.case === 'floor' && each.peers === one.peers && each.bodyBytes === one.bodyBytes)?.cpuUsPerMessage
  const head = ['relay', 'peers', 'body', 'CPU µs/msg', '× floor', 'others µs', 'msg/s', 'p50 ms', 'p99 ms', 'p99.9 ms']
  const more = ['½ load p50', 'p99', 'p99.9', 'mid s p99', 'sent late p99', 'MB', 'what it does']
  const rows = results.map((each) => {
    const floor = floorOf(each)
    const all = Object.values(each.cpuUsByProcess).reduce((sum, us) => sum + us, 0)
    return [
      each.case,
      String(each.peers),
      String(each.bodyBytes),
      each.cpuUsPerMessage.toFixed(1),
      floor === undefined ? '–' : (each.cpuUsPerMessage / floor).toFixed(2),
      (all - each.cpuUsPerMessage).toFixed(1),
      String(each.messagesPerS),
      each.p50Ms.toFixed(2),
      each.p99Ms.toFixed(2),
      each.p999Ms.toFixed(2),
      each.halfLoad.p50Ms.toFixed(2),
      each.halfLoad.p99Ms.toFixed(2),
      each.halfLoad.p999Ms.toFixed(2),
      each.halfLoad.p99OfMiddleSecondMs.toFixed(2),
      each.halfLoad.lateP99Ms.toFixed(2),
      each.residentMb.toFixed(0),
      cases.find((one) => one.name === each.case)?.what ?? '',
    ]
  })
  return textTable([...head, ...more], rows)
}
