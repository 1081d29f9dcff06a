/**
 * Long fuzzing: mutated messages through framing, checks, edits and encoding.
 *   node --conditions=@gatehouse/source packages/sip-core/fuzz/long.ts [inputs] [seed]
 * Prints one JSON line; on a failure the seed and the input (base64) that make it again, with exit code 1.
 */
import type { Buffer } from 'node:buffer'
import { SeededRandom } from '@gatehouse/fuzz'
import { exercise, frameSummary } from '../src/fuzz/exercise.ts'
import { mutate } from '../src/fuzz/mutate.ts'
import { readSamples } from '../src/fuzz/samples.ts'

const DEFAULT_INPUTS = 1_000_000
/** No input of this size may take longer; a quadratic step would. */
const SLOW_MS = 250

const inputs = Number(process.argv[2] ?? DEFAULT_INPUTS)
const seed = Number(process.argv[3] ?? 1)
const samples = [...readSamples().values()]
const random = new SeededRandom(seed)

function runOne(bytes: Buffer): number {
  const cut = random.below(bytes.length + 1)
  const whole = frameSummary([bytes]).join('\n')
  if (frameSummary([bytes.subarray(0, cut), bytes.subarray(cut)]).join('\n') !== whole) throw new Error(`cut at ${cut} changes the frames`)
  return exercise(bytes)
}

/** A second look at a slow input: a pause of the machine does not come twice. */
function timeAgain(bytes: Buffer): number {
  const beforeMs = performance.now()
  runOne(bytes)
  return performance.now() - beforeMs
}

let wellFormed = 0
let slowestMs = 0
let bytesTotal = 0
const startMs = performance.now()
for (let index = 0; index < inputs; index++) {
  const bytes = mutate(random.pick(samples), random)
  bytesTotal += bytes.length
  const beforeMs = performance.now()
  try {
    wellFormed += runOne(bytes)
  } catch (thrown) {
    process.stdout.write(`${JSON.stringify({ failed: String(thrown), seed, index, input: bytes.toString('base64') })}\n`)
    process.exit(1)
  }
  let tookMs = performance.now() - beforeMs
  if (tookMs > SLOW_MS) tookMs = Math.min(tookMs, timeAgain(bytes))
  if (tookMs > SLOW_MS) process.stdout.write(`${JSON.stringify({ slow: Math.round(tookMs), seed, index, bytes: bytes.length })}\n`)
  slowestMs = Math.max(slowestMs, tookMs)
}
const heapMiB = Math.round(process.memoryUsage().heapUsed / 1_048_576)
const seconds = Math.round((performance.now() - startMs) / 100) / 10
process.stdout.write(`${JSON.stringify({ inputs, seed, seconds, bytesTotal, wellFormed, slowestMs: Math.round(slowestMs), heapMiB })}\n`)
