/**
 * Long mode of the sequence fuzz: random operations on two endpoints and a proxy until the given number of operations is done.
 *   node --conditions=@gatehouse/source packages/sip-core/fuzz/transaction-sequences.ts [operations] [seed]
 */
import { OPERATION_KINDS, RelayPlayground } from '../src/testing/relay-playground.ts'

const operations = Number(process.argv[2] ?? 1_000_000)
let state = Number(process.argv[3] ?? 1) >>> 0

function next(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const startedAtMs = performance.now()
let done = 0
let sequences = 0
while (done < operations) {
  const seed = state
  const playground = new RelayPlayground()
  try {
    for (let left = 1 + next(80); left > 0; left--, done++)
      playground.do([OPERATION_KINDS[next(OPERATION_KINDS.length)]!, next(1_000), next(1_000)])
    const left = playground.leftovers()
    if (left.length > 0) throw new Error(left.join(', '))
  } catch (cause) {
    throw new Error(`sequence ${sequences} failed; run again with seed ${seed}`, { cause })
  }
  sequences++
}
console.log(
  JSON.stringify({
    case: 'transaction-sequences',
    operations: done,
    sequences,
    seconds: Math.round((performance.now() - startedAtMs) / 1000),
  }),
)
