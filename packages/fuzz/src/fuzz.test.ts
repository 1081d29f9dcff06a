import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { cutAt, singleBytes } from './cut-bytes.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { SeededRandom } from './seeded-random.ts'

const RUNS = 2_000
const BYTES = Buffer.from('MESSAGE sip:alice@contoso.example SIP/2.0')
const MUTATIONS = { fragments: [Buffer.from('<'), Buffer.from('\r\n')], mostChanges: 3 }

function mutationsOf(seed: number): Buffer[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: RUNS }, () => mutateBytes(BYTES, random, MUTATIONS))
}

test('numbers are the same again from the same seed, within their limits, and all of them come', () => {
  const [random, again] = [new SeededRandom(7), new SeededRandom(7)]
  const drawn = Array.from({ length: RUNS }, () => random.below(10))
  assert.deepEqual(
    Array.from({ length: RUNS }, () => again.below(10)),
    drawn,
  )
  assert.deepEqual(new Set(drawn), new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  for (let run = 0; run < RUNS; run += 1) {
    const drawnBetween = random.between(2, 3)
    assert.ok(drawnBetween >= 2 && drawnBetween < 3)
    assert.equal(random.pick(['only']), 'only')
  }
})

test('mutations are the same again from the same seed, and leave what they change alone', () => {
  const before = BYTES.toString()
  assert.deepEqual(mutationsOf(3), mutationsOf(3))
  assert.notDeepEqual(mutationsOf(3), mutationsOf(4))
  assert.equal(BYTES.toString(), before)
})

test('mutations change nearly every time, and make shorter, longer and as long', () => {
  const mutated = mutationsOf(1)
  const lengths = new Set(mutated.map((each) => Math.sign(each.length - BYTES.length)))
  assert.deepEqual(lengths, new Set([-1, 0, 1]))
  assert.ok(mutated.filter((each) => each.equals(BYTES)).length < RUNS / 10)
})

test('cut bytes are the bytes', () => {
  for (let position = 0; position <= BYTES.length; position += 1) {
    const pieces = [...cutAt(BYTES, position)]
    assert.equal(pieces[0]?.length, position)
    assert.deepEqual(Buffer.concat(pieces), BYTES)
  }
  const single = [...singleBytes(BYTES)]
  assert.equal(single.length, BYTES.length)
  assert.deepEqual(Buffer.concat(single), BYTES)
})
