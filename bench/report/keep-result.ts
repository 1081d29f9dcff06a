import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../results')

/** Results of this run by name, for the table at its end. */
export type Results = Map<string, object>

/** What a figure was measured on. `load`: the machine's load average of the last minute, the bench included. */
function machine(): object {
  const [cpu] = cpus()
  return {
    cpu: cpu?.model.trim(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

/** One JSON line per case: printed, and kept as the newest result of that name. */
export function keepResult(results: Results, name: string, result: object): void {
  results.set(name, result)
  const line = JSON.stringify({ ...result, machine: machine(), at: new Date().toISOString() })
  process.stdout.write(`${line}\n`)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, `${name}.json`), `${line}\n`)
}
