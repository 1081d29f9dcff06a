import { Buffer } from 'node:buffer'
import type { SeededRandom } from './seeded-random.ts'

/** Pieces at which XML and stream parsers stumble. */
const FRAGMENTS: readonly Buffer[] = [
  '<',
  '>',
  '/>',
  '</',
  '&',
  '&lt;',
  '&#0;',
  '&x;',
  "'",
  '"',
  '=',
  ' ',
  '\r',
  '\r\n',
  '\0',
  ']]>',
  '<![CDATA[',
  '<!--',
  '-->',
  '<?',
  '?>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  "xmlns=''",
  "xmlns='jabber:client'",
  "xmlns:db=''",
  "from='evil.example'",
  "to='fabrikam.example'",
  "type='valid'",
  '</stream:stream>',
  '<stream:stream>',
  "<?xml version='1.0'?>",
  "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
  "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
  "<r xmlns='urn:xmpp:sm:3'/>",
  "<a xmlns='urn:xmpp:sm:3' h='4294967295'/>",
  "<db:result from='evil.example' to='fabrikam.example' type='valid'/>",
  "<message from='a@evil.example' to='b@fabrikam.example'/>",
  '\ufeff',
  '\ud83d\ude00',
]
  .map((text) => Buffer.from(text))
  .concat([Buffer.from([0xc3]), Buffer.from([0xff]), Buffer.from([0xed, 0xa0, 0x80])])

const MAX_REPEATED = 200

/** One to three random changes of `bytes`; the result may be empty. */
export function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  let mutated = bytes
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) mutated = mutateOnce(mutated, random)
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
      return Buffer.concat([
        bytes.subarray(0, at),
        ...new Array<Buffer>(1 + random.below(MAX_REPEATED)).fill(bytes.subarray(at, at + 4)),
        bytes.subarray(at),
      ])
    default:
      return Buffer.concat([bytes.subarray(0, at), random.pick(FRAGMENTS), bytes.subarray(at)])
  }
}
