import { Buffer } from 'node:buffer'
import { mutateBytes, type SeededRandom } from '@gatehouse/fuzz'

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

/** One to three random changes of `bytes`; the result may be empty. */
export function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  return mutateBytes(bytes, random, { fragments: FRAGMENTS, mostChanges: 3 })
}
