import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutAt, SeededRandom, singleBytes } from '@gatehouse/fuzz'
import { exercise, frameSummary } from './exercise.ts'
import { mutate } from './mutate.ts'
import { readSamples } from './samples.ts'

const SAMPLES = readSamples()
/** The share of `npm test`; `fuzz/long.ts` runs as many as wanted. */
const MUTATIONS = 6_000

test('every message cut at every point, and byte by byte, gives the same frames', () => {
  for (const [file, bytes] of SAMPLES) {
    const whole = frameSummary([bytes])
    for (let position = 1; position < bytes.length; position++) {
      assert.deepEqual(frameSummary(cutAt(bytes, position)), whole, `${file} cut at ${position}`)
    }
    assert.deepEqual(frameSummary(singleBytes(bytes)), whole, `${file} byte by byte`)
  }
})

test('mutated messages break nothing: no exception, bounded buffers, good answers to good requests', () => {
  const random = new SeededRandom(2005)
  const samples = [...SAMPLES.values()]
  let wellFormed = 0
  for (let run = 0; run < MUTATIONS; run++) wellFormed += exercise(mutate(random.pick(samples), random))
  assert.ok(wellFormed > MUTATIONS / 20, `only ${wellFormed} well-formed messages: the mutations are too wild to test anything`)
})

test('mutated streams give the same frames however they are cut', () => {
  const random = new SeededRandom(1)
  const samples = [...SAMPLES.values()]
  for (let run = 0; run < MUTATIONS / 10; run++) {
    const bytes = mutate(random.pick(samples), random)
    const whole = frameSummary([bytes])
    assert.deepEqual(frameSummary(cutAt(bytes, random.below(bytes.length + 1))), whole, `run ${run}`)
  }
})
