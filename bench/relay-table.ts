import type { RelayCase, RelayResult } from './relay-case.ts'

/** What a person reads: one line per relay, with its cost as a multiple of the floor's. */
export function relayTable(results: readonly RelayResult[], cases: readonly RelayCase[]): string {
  const floor = results.find((each) => each.case === 'floor')?.cpuUsPerMessage
  const rows = results.map((each) => [
    each.case,
    each.cpuUsPerMessage.toFixed(1),
    floor === undefined ? '–' : (each.cpuUsPerMessage / floor).toFixed(2),
    String(each.messagesPerS),
    each.p50Ms.toFixed(2),
    each.p99Ms.toFixed(2),
    each.p999Ms.toFixed(2),
    each.residentMb.toFixed(0),
    cases.find((one) => one.name === each.case)?.what ?? '',
  ])
  const head = ['relay', 'CPU µs/msg', '× floor', 'msg/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'MB', 'what it does']
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 || column === head.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return `\n${[line(head), ...rows.map(line)].map((each) => each.trimEnd()).join('\n')}\n\n`
}
