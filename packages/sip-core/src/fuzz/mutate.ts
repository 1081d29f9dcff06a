import { Buffer } from 'node:buffer'
import type { SeededRandom } from './random.ts'

/** Pieces at which parsers stumble. */
const FRAGMENTS: readonly Buffer[] = [
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  '\n',
  '\r',
  '\0',
  '"',
  '\\',
  '<',
  '>',
  ';',
  ';;',
  ',',
  '=',
  ':',
  '@',
  '%',
  '%00',
  '[',
  ']',
  '[::1]',
  ' ',
  '\t',
  '\x7f',
  '\xff\xfe',
  '-1',
  '+5',
  '0x5',
  '99999999999999999999',
  'Content-Length: 5\r\n',
  'l: 0\r\n',
  'Via: SIP/2.0/TLS a.example;branch=z9hG4bKx\r\n',
  'Route: <sip:a.example;lr>, <sip:b.example>\r\n',
  'To: <sip:a@example.org>\r\n',
  'SIP/2.0',
  'sip:',
].map((text) => Buffer.from(text, 'latin1'))

const MAX_REPEATED = 200

/** One to four random changes of `bytes`; the result may be empty. */
export function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  let mutated = bytes
  for (let changes = 1 + random.below(4); changes > 0; changes--) mutated = mutateOnce(mutated, random)
  return mutated
}

function mutateOnce(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.below(bytes.length + 1)
  const end = Math.min(bytes.length, at + 1 + random.below(40))
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
      return Buffer.concat([bytes.subarray(0, at), random.pick(FRAGMENTS), bytes.subarray(at)])
  }
}

function repeatAt(bytes: Buffer, at: number, end: number, times: number): Buffer {
  const piece = bytes.subarray(at, Math.min(end, at + 4))
  return Buffer.concat([bytes.subarray(0, at), ...new Array<Buffer>(times).fill(piece), bytes.subarray(at)])
}
