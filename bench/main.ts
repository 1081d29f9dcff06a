// npm run bench -- [--case floor,kamailio,…] [--seconds 4] [--rounds 2] [--json]
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PeerRack } from '@gatehouse/test-integration'
import { measureFilter } from './filter-case.ts'
import { measureIdle } from './idle-case.ts'
import { measureRelay } from './measure-relay.ts'
import { measureParse } from './parse-case.ts'
import type { RelayResult } from './relay-case.ts'
import { relayCases } from './relay-cases.ts'
import { relayTable } from './relay-table.ts'

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '4' },
    window: { type: 'string', default: '16' },
    idle: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
})
const known = ['parse', 'filter', ...relayCases.map((each) => each.name), 'idle']
const wanted = values.case?.split(',') ?? known
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`bench: no case ${unknown.join(', ')}; there are: ${known.join(', ')}\n`)
  process.exit(2)
}

const resultsFolder = join(import.meta.dirname, 'results')
mkdirSync(resultsFolder, { recursive: true })
const rack = new PeerRack('bench')
let isFailed = true
try {
  isFailed = !(await runAll())
} finally {
  await rack.stop({ isFailed })
}
process.exitCode = isFailed ? 1 : 0

async function runAll(): Promise<boolean> {
  const seconds = Number(values.seconds)
  let isClean = true
  if (wanted.includes('parse')) for (const result of measureParse(seconds)) keep(result.case, result)
  if (wanted.includes('filter')) for (const result of measureFilter(seconds)) keep(result.case, result)
  const chosen = relayCases.filter((each) => wanted.includes(each.name))
  const able = chosen.filter((each) => {
    const missing = each.missing()
    if (missing !== undefined) process.stderr.write(`bench: skipped ${each.name}: ${missing}\n`)
    return missing === undefined
  })
  const results = new Map<string, RelayResult[]>()
  // Alternating, so that a busy minute of the machine does not fall on one case only.
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const each of able) {
      const result = await measureRelay(rack, each, { seconds, connections: Number(values.connections), window: Number(values.window) })
      results.set(each.name, [...(results.get(each.name) ?? []), result])
      if (result.errors.length > 0) isClean = false
      for (const error of result.errors) process.stderr.write(`bench: ${each.name}: ${error}\n`)
    }
  }
  const best = able.map((each) =>
    (results.get(each.name) as RelayResult[]).reduce((a, b) => (b.cpuUsPerMessage < a.cpuUsPerMessage ? b : a)),
  )
  const floor = best.find((each) => each.case === 'floor')
  for (const each of best) {
    const ratioToFloor = floor === undefined ? undefined : Math.round((each.cpuUsPerMessage / floor.cpuUsPerMessage) * 100) / 100
    keep(each.case, { ...each, ratioToFloor, rounds: results.get(each.case)?.length })
  }
  if (best.length > 0 && !values.json) process.stdout.write(relayTable(best, able))
  if (wanted.includes('idle')) {
    const idle = await measureIdle(rack, Number(values.idle))
    if (typeof idle === 'string') process.stderr.write(`bench: skipped idle: ${idle}\n`)
    else keep('idle', idle)
  }
  return isClean
}

/** One JSON line per case: printed, and kept as the newest result of that case. */
function keep(name: string, result: object): void {
  const line = JSON.stringify({ ...result, node: process.versions.node, cpus: cpus().length, at: new Date().toISOString() })
  process.stdout.write(`${line}\n`)
  writeFileSync(join(resultsFolder, `${name}.json`), `${line}\n`)
}
