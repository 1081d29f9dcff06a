import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Delivery, deliveredOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome, Destination } from '@gatehouse/im-model'
import type { Passage } from '../session/passage.ts'
import { HandOver } from './hand-over.ts'

const JABBER: Destination = { to: 'network', network: 'jabber', protocol: 'xmpp', domain: 'jabber.example' }

/** As much of a passage as being handed over needs. */
function passageTo(toUser: string): Passage {
  return {
    fromUser: 'alice',
    fromDomain: 'contoso.example',
    toUser,
    toDomain: 'jabber.example',
    callId: 'call',
    nowMs: 0,
    stage: 'relay',
    decision: { mark: 'verified', evidence: 'V3', direction: 'outbound', peerClass: 'inside', partner: '', revision: 1 },
    request: { headers: { first: () => undefined } },
  } as unknown as Passage
}

function scene() {
  const asked: { readonly delivery: Delivery; readonly answer: () => void }[] = []
  const outcomes: string[] = []
  let nowMs = 0
  const handOver = new HandOver({
    deliver: (delivery, onOutcome) => asked.push({ delivery, answer: () => onOutcome(deliveredOutcome()) }),
    newId: () => new Uint8Array(16),
    nowMs: () => nowMs,
  })
  const say = (user: string, text: string): void =>
    handOver.run(passageTo(user), JABBER, { kind: 'message', messageId: '', text }, (outcome: DeliveryOutcome) =>
      outcomes.push(`${text} ${outcome.code === '' ? outcome.status : outcome.code}`),
    )
  const texts = (): string[] => asked.map(({ delivery: { envelope } }) => (envelope.content as { text: string }).text)
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { say, asked, outcomes, texts, pass }
}

describe('handing over', () => {
  it('is one after the other in a conversation; others pass by', () => {
    const { say, asked, outcomes, texts } = scene()
    for (const text of ['1', '2', '3']) say('bob', text)
    say('carol', 'hello')
    assert.deepEqual(texts(), ['1', 'hello'])
    asked[0]?.answer()
    assert.deepEqual(texts(), ['1', 'hello', '2'])
    asked[2]?.answer()
    asked[3]?.answer()
    asked[1]?.answer()
    assert.deepEqual(outcomes, ['1 delivered', '2 delivered', '3 delivered', 'hello delivered'])
    say('bob', '4')
    assert.equal(texts().at(-1), '4', 'nothing is under way any more')
  })

  it('takes no longer for one that had to wait, and does not begin when its time is over', () => {
    const { say, asked, outcomes, texts, pass } = scene()
    for (const text of ['1', '2', '3', '4']) say('bob', text)
    pass(15_000.4)
    asked[0]?.answer()
    assert.equal(asked[1]?.delivery.timeoutMs, 4_999)
    pass(5_000)
    asked[1]?.answer()
    assert.deepEqual(texts(), ['1', '2'])
    assert.deepEqual(outcomes.slice(2), ['3 GH-PEER-CONVERSATION-BUSY', '4 GH-PEER-CONVERSATION-BUSY'])
    say('bob', '5')
    assert.equal(texts().at(-1), '5')
  })
})
