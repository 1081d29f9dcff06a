import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PresenceEvent, ReceiptEvent, TypingEvent } from '@gatehouse/im-model'
import fc from 'fast-check'
import { readImdn, renderImdn } from './imdn.ts'
import { readPresence, renderPidf } from './pidf.ts'
import { readIsComposing, readKeyboardActivity, renderIsComposing, renderKeyboardActivity } from './typing.ts'
import { escapeXml, readXml } from './xml-reader.ts'

const readers = [readIsComposing, readKeyboardActivity, readImdn, readPresence]
const samples = [
  renderIsComposing({ kind: 'typing', state: 'composing' }),
  renderKeyboardActivity({ kind: 'typing', state: 'composing' }),
  renderImdn({ kind: 'receipt', of: 'm1', state: 'delivered', code: '' }, 'sip:bob@fabrikam.example', 0),
  renderPidf('sip:bob@fabrikam.example', { kind: 'presence', type: 'available', show: 'dnd', note: 'busy' }),
]

describe('typing notices', () => {
  it('are read as they were written', () => {
    const composing: TypingEvent = { kind: 'typing', state: 'composing', refreshS: 90 }
    assert.deepEqual(readIsComposing(renderIsComposing(composing)), composing)
    assert.deepEqual(readKeyboardActivity(renderKeyboardActivity(composing)), { kind: 'typing', state: 'composing' })
    for (const state of ['paused', 'active', 'inactive', 'gone'] as const) {
      assert.deepEqual(readIsComposing(renderIsComposing({ kind: 'typing', state })), { kind: 'typing', state: 'active' })
      assert.deepEqual(readKeyboardActivity(renderKeyboardActivity({ kind: 'typing', state })), { kind: 'typing', state: 'active' })
    }
  })

  it('with another word than RFC 3994 knows are none', () => {
    const odd = Buffer.from('<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>humming</state></isComposing>')
    assert.equal(readIsComposing(odd), undefined)
  })
})

describe('receipts', () => {
  it('are read as they were written', () => {
    for (const state of ['delivered', 'displayed', 'failed', 'error'] as const) {
      const event: ReceiptEvent = { kind: 'receipt', of: 'a<b>&"', state, code: '' }
      assert.deepEqual(readImdn(renderImdn(event, 'sip:bob@fabrikam.example', 1_700_000_000_000)), event)
    }
  })

  it('of relays mean nothing to people', () => {
    const body = Buffer.from(
      '<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>m1</message-id><processing-notification><status><stored/></status></processing-notification></imdn>',
    )
    assert.equal(readImdn(body), 'nothing')
  })
})

describe('presence', () => {
  it('is read as it was written', () => {
    const events: PresenceEvent[] = [
      { kind: 'presence', type: 'available' },
      { kind: 'presence', type: 'unavailable' },
      { kind: 'presence', type: 'available', note: 'in a <meeting> & more' },
      ...(['away', 'chat', 'dnd', 'xa'] as const).map((show) => ({ kind: 'presence', type: 'available', show }) as const),
    ]
    for (const event of events) assert.deepEqual(readPresence(renderPidf('sip:bob@fabrikam.example', event)), event)
  })

  it('is read in the forms that Microsoft’s clients and SIMPLE clients write', () => {
    const xpidf =
      '<?xml version="1.0"?><!-- x --><presence><presentity uri="sip:bob@fabrikam.example;method=SUBSCRIBE"/><atom id="1"><address uri="sip:bob@10.0.0.1"><status status="open"/><msnsubstatus substatus="onthephone"/></address></atom></presence>'
    const rpid =
      '<p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" xmlns:r="urn:ietf:params:xml:ns:pidf:rpid"><p:tuple id="a"><p:status><p:basic>closed</p:basic></p:status></p:tuple><p:tuple id="b"><p:status><p:basic>open</p:basic></p:status></p:tuple><r:activities><r:meal/></r:activities></p:presence>'
    assert.deepEqual(readPresence(Buffer.from(xpidf)), { kind: 'presence', type: 'available', show: 'dnd' })
    assert.deepEqual(readPresence(Buffer.from(rpid)), { kind: 'presence', type: 'available', show: 'away' })
  })
})

describe('XML from outside', () => {
  it('is refused with a DTD, an unknown entity, too much depth, too many elements or too many bytes', () => {
    const bomb = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    const deep = `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`
    for (const text of [bomb, '<a>&c;</a>', deep, `<a>${'<b/>'.repeat(1_001)}</a>`, `<a>${' '.repeat(70_000)}</a>`, '<a>', '']) {
      assert.equal(readXml(Buffer.from(text)), undefined, text.slice(0, 40))
    }
  })

  it('never makes a reader throw', () => {
    for (const read of readers) {
      fc.assert(fc.property(fc.uint8Array(), (bytes) => void read(bytes)))
      fc.assert(
        fc.property(fc.constantFrom(...samples), fc.nat(), fc.nat(255), (sample, at, byte) => {
          const changed = Uint8Array.from(sample)
          changed[at % changed.length] = byte
          read(changed)
          read(changed.subarray(0, at % changed.length))
        }),
      )
    }
  })

  it('of ours is well formed, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) =>
        assert.notEqual(readXml(Buffer.from(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)), undefined),
      ),
    )
  })
})
