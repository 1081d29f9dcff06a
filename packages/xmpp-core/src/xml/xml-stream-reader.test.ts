import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventsOf, OPEN } from '../testing/read-events.ts'
import { ns } from './namespaces.ts'
import { writeXml } from './write-xml.ts'
import { type XmlElement, xml } from './xml-element.ts'
import { XmlStreamReader } from './xml-stream-reader.ts'

const STANZA = "<message from='a@b.example' to='c@d.example'><body>hello</body></message>"

/** RFC 6120 §11, and what an attacker makes of it. `true`: the stanza before it has to arrive. */
const HOSTILE: readonly (readonly [why: string, bytes: string | Buffer, condition: string])[] = [
  ['a document type', `<!DOCTYPE a>${OPEN}`, 'restricted-xml'],
  [
    'a billion laughs',
    `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>${OPEN}<message><body>&lol2;</body></message>`,
    'restricted-xml',
  ],
  ['an external entity', `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${OPEN}<message>&x;</message>`, 'restricted-xml'],
  ['a document type in the stream', `${OPEN}${STANZA}<!DOCTYPE a>`, 'restricted-xml'],
  ['an entity', `${OPEN}${STANZA}<message><body>&nbsp;</body></message>`, 'restricted-xml'],
  ['a comment', `${OPEN}${STANZA}<!-- hello -->`, 'restricted-xml'],
  ['a comment within a stanza', `${OPEN}<message><!-- x --></message>`, 'restricted-xml'],
  ['a processing instruction', `${OPEN}${STANZA}<?php x ?>`, 'restricted-xml'],
  ['a second XML declaration', `${OPEN}${STANZA}<?xml version='1.0'?>`, 'restricted-xml'],
  ['XML 1.1 characters', `<?xml version='1.1'?>${OPEN}<message><body>&#1;</body></message>`, 'not-well-formed'],
  ['another encoding', `<?xml version='1.0' encoding='ISO-8859-1'?>${OPEN}`, 'unsupported-encoding'],
  ['NUL', `${OPEN}<message>\0</message>`, 'not-well-formed'],
  ['NUL as a reference', `${OPEN}<message>&#0;</message>`, 'not-well-formed'],
  ['a surrogate as a reference', `${OPEN}<message>&#xD800;</message>`, 'not-well-formed'],
  ['a tag that does not match', `${OPEN}<message></presence>`, 'not-well-formed'],
  ['an attribute twice', `${OPEN}<message a='1' a='2'/>`, 'not-well-formed'],
  ['an unbound prefix', `${OPEN}<x:message/>`, 'bad-namespace-prefix'],
  ['text between stanzas', `${OPEN}${STANZA}hello<message/>`, 'bad-format'],
  ['no stream', '<message/>', 'bad-format'],
  ['a stream of another namespace', "<stream xmlns='jabber:server'>", 'invalid-namespace'],
  ['a TLS record', Buffer.from('160301020001', 'hex'), 'not-well-formed'],
  ['HTTP', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'not-well-formed'],
  ['bytes that are no UTF-8', Buffer.concat([Buffer.from(`${OPEN}${STANZA}<message>`), Buffer.from([0xc3, 0x28])]), 'unsupported-encoding'],
  ['an overlong NUL', Buffer.concat([Buffer.from(`${OPEN}<message>`), Buffer.from([0xc0, 0x80])]), 'unsupported-encoding'],
  ['a surrogate in UTF-8', Buffer.concat([Buffer.from(`${OPEN}<message>`), Buffer.from([0xed, 0xa0, 0x80])]), 'unsupported-encoding'],
  ['Latin-1 at the end of a chunk', Buffer.concat([Buffer.from(`${OPEN}<message>`), Buffer.from([0xff])]), 'unsupported-encoding'],
  ['elements nested deeply', OPEN + '<a>'.repeat(2000), 'policy-violation'],
  ['many elements', `${OPEN}<message>${'<a/>'.repeat(2000)}</message>`, 'policy-violation'],
  ['many attributes', `${OPEN}<message ${Array.from({ length: 100 }, (_, at) => `a${at}=''`).join(' ')}/>`, 'policy-violation'],
  ['10 MB of text', `${OPEN}<message><body>${'x'.repeat(10_000_000)}</body></message>`, 'policy-violation'],
  ['1 MB of an attribute', `${OPEN}<message a='${'x'.repeat(1_000_000)}'/>`, 'policy-violation'],
  ['1 MB of a name', `${OPEN}<${'x'.repeat(1_000_000)}/>`, 'policy-violation'],
  ['1 MB of CDATA', `${OPEN}<message><![CDATA[${'x'.repeat(1_000_000)}`, 'policy-violation'],
  ['a header of 1 MB', `<stream:stream xmlns:stream='${ns.streams}' a='${'x'.repeat(1_000_000)}'>`, 'policy-violation'],
  ['an endless document type', `<!DOCTYPE a [${'<!-- x -->'.repeat(20_000)}`, 'policy-violation'],
]

for (const [why, bytes, condition] of HOSTILE) {
  test(`${why}: ${condition}`, () => {
    const lines = eventsOf([Buffer.from(bytes as string)])
    assert.equal(lines.at(-1), `defect ${condition}`)
    const isStanzaFirst = Buffer.from(bytes as string).includes(STANZA)
    if (isStanzaFirst)
      assert.ok(
        lines.some((line) => line.startsWith('element <message')),
        'what came before it arrives',
      )
  })
}

test('after a defect nothing is read, and little is kept', () => {
  const reader = new XmlStreamReader()
  reader.handleData(Buffer.from(`${OPEN}<!-- x -->`))
  while (reader.takeEvent() !== undefined);
  reader.handleData(Buffer.from(STANZA))
  assert.equal(reader.takeEvent(), undefined)
})

test('keep-alives are not collected, and do not make a stanza too long', () => {
  const reader = new XmlStreamReader({ maxStanzaChars: 200, maxDepth: 8, maxElements: 10, maxAttributes: 10 })
  reader.handleData(Buffer.from(OPEN))
  for (let count = 0; count < 1000; count += 1) reader.handleData(Buffer.from(' \n'))
  assert.equal(reader.isMidUnit, false)
  reader.handleData(Buffer.from(STANZA))
  assert.equal(reader.takeEvent()?.kind, 'open')
  assert.equal(reader.takeEvent()?.kind, 'element')
})

test('CDATA, predefined entities and character references are text; prefixes do not matter', () => {
  const [, line] = eventsOf([
    Buffer.from(`${OPEN}<s:message xmlns:s='jabber:server'><s:body><![CDATA[<a>]]>&lt;&amp;&gt;&apos;&quot;&#x20AC;</s:body></s:message>`),
  ])
  assert.equal(line, 'element <message><body>&lt;a&gt;&lt;&amp;&gt;&apos;&quot;\u20ac</body></message>')
})

test('a restart begins behind the event taken last, whatever was received with it', () => {
  const reader = new XmlStreamReader()
  reader.handleData(Buffer.from(`${OPEN}<auth xmlns='${ns.sasl}'/>\r\n<?xml version='1.0'?>${OPEN}${STANZA}`))
  assert.equal(reader.takeEvent()?.kind, 'open')
  assert.equal(reader.takeEvent()?.kind, 'element')
  reader.restart()
  assert.equal(reader.takeEvent()?.kind, 'defect', 'white space before an XML declaration is none of XML')
  const good = new XmlStreamReader()
  good.handleData(Buffer.from(`${OPEN}<auth xmlns='${ns.sasl}'/><?xml version='1.0'?>${OPEN}${STANZA}`))
  good.takeEvent()
  good.takeEvent()
  good.restart()
  assert.deepEqual([good.takeEvent()?.kind, good.takeEvent()?.kind, good.takeEvent()], ['open', 'element', undefined])
})

test('what is written is read again as it was', () => {
  const text = fc
    .string({ unit: 'grapheme' })
    .map((value) => value.replace(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}\t\n\r]/gu, ''))
  const { element } = fc.letrec<{ element: XmlElement; node: XmlElement | string }>((tie) => ({
    element: fc
      .tuple(
        fc.constantFrom('a', 'body', 'x-y'),
        fc.constantFrom(ns.client, 'urn:example:1', ns.dialback),
        text,
        fc.array(tie('node'), { maxLength: 3 }),
      )
      .map(([name, space, value, children]) => xml(name, space, { a: value, 'xml:lang': 'en' }, ...joined(children))),
    node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, text, tie('element')),
  }))
  fc.assert(
    fc.property(element, (original) => {
      const reader = new XmlStreamReader()
      reader.handleData(Buffer.from(OPEN + writeXml(original, ns.client)))
      reader.takeEvent()
      const event = reader.takeEvent()
      assert.ok(event?.kind === 'element')
      assert.deepEqual(shapeOf(event.element), shapeOf(original))
    }),
  )
})

/** Neighbouring texts are one text on the wire, and an empty one is none. */
function joined(children: readonly (XmlElement | string)[]): (XmlElement | string)[] {
  const all: (XmlElement | string)[] = []
  for (const child of children) {
    const last = all.at(-1)
    if (typeof child === 'string' && typeof last === 'string') all[all.length - 1] = last + child
    else if (child !== '') all.push(child)
  }
  return all.filter((child) => child !== '')
}

function shapeOf(element: XmlElement): unknown {
  const children = joined(element.children)
  return [element.name, element.ns, element.attributes, children.map((child) => (typeof child === 'string' ? child : shapeOf(child)))]
}
