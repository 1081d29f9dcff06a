// Loaded into a process before everything else (`--import`), its threads included: shifts `Date` by as many milliseconds as the file
// named in CHAOS_CLOCK_FILE says just now. Monotonic clocks stay as they are, as they do when somebody sets a machine's time; only
// where they count from is what the clock said when the process began.
import { readFileSync } from 'node:fs'

const LOOK_MS = 100

const file = process.env['CHAOS_CLOCK_FILE']
const RealDate = globalThis.Date
let shiftMs = 0
let lookedMs = Number.NEGATIVE_INFINITY

function shift(): number {
  const nowMs = performance.now()
  if (file === undefined || nowMs - lookedMs < LOOK_MS) return shiftMs
  lookedMs = nowMs
  try {
    shiftMs = Number(readFileSync(file, 'latin1')) || 0
  } catch {
    shiftMs = 0
  }
  return shiftMs
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [RealDate.now() + shift()] : args, newTarget),
  apply: () => new RealDate(RealDate.now() + shift()).toString(),
  get: (target, property, receiver) =>
    property === 'now' ? (): number => RealDate.now() + shift() : Reflect.get(target, property, receiver),
})

Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + shift() })
