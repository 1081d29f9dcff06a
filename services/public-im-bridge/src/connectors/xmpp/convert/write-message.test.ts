import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageEvent } from '@gatehouse/im-model'
import { ns, writeXml, type XmlElement } from '@gatehouse/xmpp-core'
import { writeFile, writeMessage, writeNotice, writePresence, writeReceipt, writeTyping } from './write-message.ts'

const addresses = {
  from: 'alice@contoso.example/gatehouse',
  fromBare: 'alice@contoso.example',
  to: 'bob@fabrikam.example',
  id: 'm1',
  thread: 't1',
}
const text = (element: XmlElement | undefined): string => (element === undefined ? '' : writeXml(element, ns.client))
const message = (more: Partial<MessageEvent>): string =>
  text(writeMessage(addresses, { kind: 'message', messageId: 'm1', text: 'hi', ...more }))

/** Row by row, what an event becomes. */
const ROWS: readonly (readonly [why: string, stanza: string, contains: readonly string[]])[] = [
  ['a text is said as chat', message({}), ["type='chat'", '<body>hi</body>', "id='m1'"]],
  ['the conversation is the thread', message({}), ['<thread>t1</thread>']],
  ['a subject is said', message({ subject: 'tea' }), ['<subject>tea</subject>']],
  ['a language is said (RFC 7572 §8)', message({ language: 'de-CH' }), ["xml:lang='de-CH'"]],
  [
    'that typing is understood is said with each text (XEP-0085 §5.1)',
    message({}),
    ["<active xmlns='http://jabber.org/protocol/chatstates'/>"],
  ],
  ['a correction is said as one (XEP-0308)', message({ replaces: 'm0' }), ["<replace xmlns='urn:xmpp:message-correct:0' id='m0'/>"]],
  [
    'wishes are said (XEP-0184, XEP-0333)',
    message({ wants: ['delivered', 'displayed'] }),
    ["<request xmlns='urn:xmpp:receipts'/>", "<markable xmlns='urn:xmpp:chat-markers:0'/>"],
  ],
  [
    'a file is said in both ways that clients know (XEP-0363, XEP-0066)',
    text(writeFile(addresses, { url: 'https://files.example.org/a', name: 'a', mediaType: '', bytes: undefined })),
    ['<body>https://files.example.org/a</body>', "<x xmlns='jabber:x:oob'><url>https://files.example.org/a</url><desc>a</desc></x>"],
  ],
  [
    'typing is said as chat state (XEP-0085)',
    text(writeTyping(addresses, { kind: 'typing', state: 'composing' })),
    ["<composing xmlns='http://jabber.org/protocol/chatstates'/>", 'no-store'],
  ],
  [
    'a receipt is said (XEP-0184)',
    text(writeReceipt(addresses, { kind: 'receipt', of: 'x', state: 'delivered', code: '' })),
    ["<received xmlns='urn:xmpp:receipts' id='x'/>"],
  ],
  [
    'a marker is said (XEP-0333)',
    text(writeReceipt(addresses, { kind: 'receipt', of: 'x', state: 'displayed', code: '' })),
    ["<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>"],
  ],
  [
    'that a message was given up is said by the domain, in words',
    text(writeNotice({ ...addresses, from: 'contoso.example' }, 'not delivered')),
    ["from='contoso.example'", "type='normal'", '<body>not delivered</body>'],
  ],
  [
    'a subscription is asked for by the account (RFC 6121 §3)',
    text(writePresence(addresses, { kind: 'presence', type: 'subscribe' })),
    ["from='alice@contoso.example'", "type='subscribe'"],
  ],
  [
    'presence is said by the client, with show and status (RFC 8048 §6.3)',
    text(writePresence(addresses, { kind: 'presence', type: 'available', show: 'dnd', note: 'busy' })),
    ["from='alice@contoso.example/gatehouse'", '<show>dnd</show>', '<status>busy</status>'],
  ],
]

for (const [why, stanza, contains] of ROWS) {
  test(why, () => {
    for (const part of contains) assert.ok(stanza.includes(part), `${part} is not in ${stanza}`)
  })
}

test('a receipt of failure is nothing that XMPP has a word for', () => {
  assert.equal(writeReceipt(addresses, { kind: 'receipt', of: 'x', state: 'failed', code: '' }), undefined)
})
