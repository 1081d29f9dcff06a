import { Buffer } from 'node:buffer'
import type { SeededRandom } from './seeded-random.ts'

export interface Mutations {
  /** Pieces at which the parser in question stumbles. */
  readonly fragments: readonly Buffer[]
  /** One to so many changes are made. */
  readonly mostChanges: number
}

const MAX_REMOVED = 40
const MAX_REPEATED = 200

/** Random changes of `bytes`, which are left as they are; the result may be empty. */
export function mutateBytes(bytes: Buffer, random: SeededRandom, { fragments, mostChanges }: Mutations): Buffer {
  let mutated = bytes
  for (let changes = 1 + random.below(mostChanges); changes > 0; changes -= 1) mutated = mutateOnce(mutated, random, fragments)
  return mutated
}

function mutateOnce(bytes: Buffer, random: SeededRandom, fragments: readonly Buffer[]): Buffer {
  const at = random.below(bytes.length + 1)
  const end = Math.min(bytes.length, at + 1 + random.below(MAX_REMOVED))
  switch (random.below(7)) {
    case 0: {
      const changed = Buffer.from(bytes)
      if (at < changed.length) changed[at] = random.below(256)
      return changed
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 3:
      return bytes.subarray(0, at)
    case 4:
      return repeatAt(bytes, at, end, 1 + random.below(MAX_REPEATED))
    default:
      return Buffer.concat([bytes.subarray(0, at), random.pick(fragments), bytes.subarray(at)])
  }
}

function repeatAt(bytes: Buffer, at: number, end: number, times: number): Buffer {
  const piece = bytes.subarray(at, Math.min(end, at + 4))
  return Buffer.concat([bytes.subarray(0, at), ...new Array<Buffer>(times).fill(piece), bytes.subarray(at)])
}
