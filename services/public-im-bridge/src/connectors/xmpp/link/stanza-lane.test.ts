import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ns, stanzaErrorFor, type XmlElement, xml } from '@gatehouse/xmpp-core'
import { type LaneOptions, type StanzaFate, StanzaLane } from './stanza-lane.ts'

class Rig {
  readonly written: XmlElement[] = []
  readonly fates = new Map<string, StanzaFate>()
  nowMs = 0
  isWritable = true
  readonly lane: StanzaLane
  #ids = 0

  constructor(options: Partial<LaneOptions> = {}) {
    this.lane = new StanzaLane({
      local: 'contoso.example',
      remote: 'fabrikam.example',
      write: (stanza) => {
        if (this.isWritable) this.written.push(stanza)
        return this.isWritable
      },
      isAcknowledged: () => false,
      newId: () => {
        this.#ids += 1
        return `fence-${this.#ids}`
      },
      confirmMs: 3_000,
      nowMs: () => this.nowMs,
      ...options,
    })
  }

  send(id: string, wantsProof = true): XmlElement {
    const stanza = xml('message', ns.client, { from: 'alice@contoso.example', to: 'bob@fabrikam.example', id })
    const isSent = this.lane.send({ stanza, deadlineMs: 0, wantsProof, onFate: (fate) => void this.fates.set(id, fate) })
    if (!isSent) this.fates.set(id, { kind: 'failed', code: 'GH-XMPP-QUEUE-FULL', detail: '', isCertain: true })
    return stanza
  }

  names(): string[] {
    return this.written.map((stanza) => stanza.attr('id') ?? '')
  }

  fate(id: string): string | undefined {
    return this.fates.get(id)?.kind
  }
}

test('a fence behind the first, one more for all that came meanwhile', () => {
  const rig = new Rig()
  for (const id of ['a', 'b', 'c']) rig.send(id)
  assert.deepEqual(rig.names(), ['a', 'fence-1', 'b', 'c'])
  assert.equal(rig.lane.handleAnswer('fence-1'), true)
  assert.deepEqual([rig.fate('a'), rig.fate('b')], ['taken', undefined])
  assert.equal(rig.names().at(-1), 'fence-2')
  rig.lane.handleAnswer('fence-2')
  assert.deepEqual([rig.fate('b'), rig.fate('c'), rig.lane.openCount], ['taken', 'taken', 0])
})

test('an answer to something else is no fence', () => {
  const rig = new Rig()
  rig.send('a')
  assert.equal(rig.lane.handleAnswer('fence-0'), false)
  assert.equal(rig.fate('a'), undefined)
})

test('what comes back is told with its error; somebody else’s error is not taken for it', () => {
  const rig = new Rig()
  const stanza = rig.send('a')
  const error = stanzaErrorFor(stanza, 'service-unavailable') as XmlElement
  assert.equal(rig.lane.handleBounce(error.with({ to: 'mallory@contoso.example' })), false)
  assert.equal(rig.lane.handleBounce(error), true)
  assert.equal(rig.fate('a'), 'bounced')
  assert.equal(rig.lane.handleBounce(error), false)
})

test('acknowledged streams need no fence', () => {
  const rig = new Rig({ isAcknowledged: () => true })
  rig.send('a')
  rig.send('b')
  assert.deepEqual(rig.names(), ['a', 'b'])
  rig.lane.handleAcked([1])
  assert.deepEqual([rig.fate('a'), rig.fate('b')], ['taken', undefined])
})

test('a server that answers no ping: after a while "written" is all that is known', () => {
  const rig = new Rig()
  rig.send('a')
  rig.nowMs = 2_999
  rig.lane.sweep(rig.nowMs)
  assert.equal(rig.fate('a'), undefined)
  rig.nowMs = 3_000
  rig.lane.sweep(rig.nowMs)
  assert.equal(rig.fate('a'), 'written')
  rig.send('b')
  assert.equal(rig.names().at(-1), 'fence-2', 'the next one is asked for again')
})

test('the stream breaks: nobody knows', () => {
  const rig = new Rig()
  rig.send('a')
  rig.lane.close('reset')
  assert.deepEqual(rig.fates.get('a'), { kind: 'failed', code: 'GH-XMPP-STREAM', detail: 'reset', isCertain: false })
})

test('what needs no proof costs no fence', () => {
  const rig = new Rig()
  rig.send('typing', false)
  assert.deepEqual([rig.names(), rig.fate('typing')], [['typing'], 'written'])
})

test('on one-way streams an acknowledgement may be faster than the refusal: the fence decides', () => {
  const rig = new Rig()
  const refused = rig.send('a')
  rig.send('b')
  rig.lane.handleAcked([1, 2])
  assert.deepEqual([rig.fate('a'), rig.fate('b')], [undefined, undefined])
  rig.lane.handleBounce(stanzaErrorFor(refused, 'service-unavailable', '') as XmlElement)
  assert.equal(rig.fate('a'), 'bounced')
  rig.lane.close('reset')
  assert.equal(rig.fate('b'), 'written', 'the other server has it, so it is not lost')
})
