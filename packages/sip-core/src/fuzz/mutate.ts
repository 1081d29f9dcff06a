import { Buffer } from 'node:buffer'
import { mutateBytes, type SeededRandom } from '@gatehouse/fuzz'

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

/** One to four random changes of `bytes`; the result may be empty. */
export function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  return mutateBytes(bytes, random, { fragments: FRAGMENTS, mostChanges: 4 })
}
