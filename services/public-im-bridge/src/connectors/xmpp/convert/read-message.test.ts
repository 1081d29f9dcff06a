import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { ns, type XmlElement, XmlStreamReader } from '@gatehouse/xmpp-core'
import { type MessageReading, readMessage } from './read-message.ts'

const OPEN = `<stream:stream xmlns='${ns.server}' xmlns:stream='${ns.streams}'>`

export function stanzaOf(text: string): XmlElement {
  const reader = new XmlStreamReader()
  reader.handleData(Buffer.from(OPEN + text))
  reader.takeEvent()
  const event = reader.takeEvent()
  if (event?.kind !== 'element') throw new Error(`no stanza: ${text}`)
  return event.element
}

function read(inner: string, attributes = "type='chat' id='m1'"): MessageReading {
  return readMessage(stanzaOf(`<message from='bob@fabrikam.example/a' to='alice@contoso.example' ${attributes}>${inner}</message>`))
}

/** Row by row, what a message becomes. */
const ROWS: readonly (readonly [why: string, inner: string, events: readonly object[]])[] = [
  ['a text', '<body>hello</body>', [{ kind: 'message', messageId: 'm1', text: 'hello' }]],
  ['a subject', '<subject>tea</subject><body>hello</body>', [{ kind: 'message', messageId: 'm1', text: 'hello', subject: 'tea' }]],
  [
    'a language (RFC 7572 §8)',
    "<body xml:lang='de-CH'>grüezi</body>",
    [{ kind: 'message', messageId: 'm1', text: 'grüezi', language: 'de-CH' }],
  ],
  ['a language that is none', "<body xml:lang='x\r\nEvil: 1'>hi</body>", [{ kind: 'message', messageId: 'm1', text: 'hi' }]],
  [
    'a correction (XEP-0308)',
    "<body>hello!</body><replace id='m0' xmlns='urn:xmpp:message-correct:0'/>",
    [{ kind: 'message', messageId: 'm1', text: 'hello!', replaces: 'm0' }],
  ],
  [
    'wishes for receipts (XEP-0184, XEP-0333)',
    "<body>hello</body><request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>",
    [{ kind: 'message', messageId: 'm1', text: 'hello', wants: ['delivered', 'displayed'] }],
  ],
  ['a receipt (XEP-0184)', "<received xmlns='urn:xmpp:receipts' id='x'/>", [{ kind: 'receipt', of: 'x', state: 'delivered', code: '' }]],
  [
    'markers (XEP-0333)',
    "<received xmlns='urn:xmpp:chat-markers:0' id='x'/>",
    [{ kind: 'receipt', of: 'x', state: 'delivered', code: '' }],
  ],
  [
    'displayed (XEP-0333)',
    "<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>",
    [{ kind: 'receipt', of: 'x', state: 'displayed', code: '' }],
  ],
  [
    'acknowledged (XEP-0333)',
    "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='x'/>",
    [{ kind: 'receipt', of: 'x', state: 'displayed', code: '' }],
  ],
  ['typing (XEP-0085)', "<composing xmlns='http://jabber.org/protocol/chatstates'/>", [{ kind: 'typing', state: 'composing' }]],
  ['typing is over', "<gone xmlns='http://jabber.org/protocol/chatstates'/>", [{ kind: 'typing', state: 'gone' }]],
  [
    'active with a text is no notice of its own',
    "<body>hello</body><active xmlns='http://jabber.org/protocol/chatstates'/>",
    [{ kind: 'message', messageId: 'm1', text: 'hello' }],
  ],
  [
    'a file with its link as text (XEP-0363, XEP-0066)',
    "<body>https://files.example.org/a</body><x xmlns='jabber:x:oob'><url>https://files.example.org/a</url><desc>a.png</desc></x>",
    [
      {
        kind: 'message',
        messageId: 'm1',
        text: '',
        files: [{ url: 'https://files.example.org/a', name: 'a.png', mediaType: '', bytes: undefined }],
      },
    ],
  ],
  [
    'a file that is no link of the web is no file',
    "<body>look</body><x xmlns='jabber:x:oob'><url>file:///etc/passwd</url></x>",
    [{ kind: 'message', messageId: 'm1', text: 'look' }],
  ],
  [
    'styling (XEP-0393)',
    '<body>*yes* and _no_</body>',
    [{ kind: 'message', messageId: 'm1', text: '*yes* and _no_', html: '<strong>yes</strong> and <em>no</em>' }],
  ],
  [
    'styling switched off',
    "<body>*yes*</body><unstyled xmlns='urn:xmpp:styling:0'/>",
    [{ kind: 'message', messageId: 'm1', text: '*yes*' }],
  ],
  [
    'XHTML-IM (XEP-0071): only what is harmless',
    "<body>hi</body><html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>" +
      "<p style='x' onclick='y'>h<strong>i</strong><script>alert(1)</script><a href='javascript:alert(1)'>a</a><a href='https://example.org/?a&amp;b'>b</a>" +
      "<img src='https://example.org/track' alt='pic'/><blink>c</blink>&lt;</p></body></html>",
    [
      {
        kind: 'message',
        messageId: 'm1',
        text: 'hi',
        html: '<p>h<strong>i</strong>a<a href="https://example.org/?a&amp;b">b</a>picc&lt;</p>',
      },
    ],
  ],
  [
    'a copy of somebody else’s conversation (XEP-0280) is not believed',
    "<body>x</body><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></received>",
    [],
  ],
  ['nothing that is known', "<something xmlns='urn:example:x'/>", []],
  ['an empty text', '<body/>', []],
]

for (const [why, inner, events] of ROWS) {
  test(`message: ${why}`, () => assert.deepEqual(read(inner), { events, refusal: undefined }))
}

const REFUSED: readonly (readonly [why: string, inner: string, attributes: string, condition: string])[] = [
  ['a group chat', '<body>hi</body>', "type='groupchat'", 'feature-not-implemented'],
  ['an invitation (XEP-0249)', "<x xmlns='jabber:x:conference' jid='room@muc.example.org'/>", '', 'feature-not-implemented'],
  [
    'an invitation by the room (XEP-0045)',
    "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b.example'/></x>",
    '',
    'feature-not-implemented',
  ],
  ['end-to-end encryption without a text', "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", '', 'not-acceptable'],
]

for (const [why, inner, attributes, condition] of REFUSED) {
  test(`message refused: ${why}`, () => {
    const { events, refusal } = read(inner, attributes)
    assert.deepEqual([events, refusal?.condition], [[], condition])
    assert.ok((refusal?.text ?? '').length > 20, 'says in words what to do')
  })
}
