import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Siblings } from '@gatehouse/bridge-kit'
import { ns, readStanzaError, stanzaErrorFor, type XmlElement, xml } from '@gatehouse/xmpp-core'
import type { ArrivedStanza } from './link-environment.ts'
import { SiblingWords } from './sibling-words.ts'

const LOCAL = 'contoso.example'
const REMOTE = 'jabber.example'
const OWN_ID = '0123456789abcdef'.repeat(2)

/** What replicas tell each other, at once; timers run when the test says so. */
class Replicas {
  readonly told: string[] = []
  readonly #listeners: ((text: string) => void)[] = []
  #due: (() => void)[] = []

  open(takes: { answers?: readonly string[]; bounces?: readonly string[] } = {}): { words: SiblingWords; taken: (XmlElement | string)[] } {
    const at = this.#listeners.length
    this.#listeners.push(() => undefined)
    const siblings: Siblings = {
      tell: (text) => {
        this.told.push(text)
        for (const [index, run] of this.#listeners.entries()) if (index !== at) run(text)
      },
      onTold: (run) => {
        this.#listeners[at] = run
      },
    }
    const taken: (XmlElement | string)[] = []
    const after = (_: number, run: () => void): (() => void) => {
      this.#due.push(run)
      return () => {
        this.#due = this.#due.filter((one) => one !== run)
      }
    }
    const words = new SiblingWords({
      context: { siblings, clock: { nowMs: () => 0, after, every: () => () => undefined } },
      takeAnswer: (_side, local, remote, id) => {
        const isOurs = local === LOCAL && remote === REMOTE && takes.answers?.includes(id) === true
        if (isOurs) taken.push(id)
        return isOurs
      },
      takeBounce: (_side, _local, _remote, error) => {
        const isOurs = takes.bounces?.includes(error.attr('id') ?? '') === true
        if (isOurs) taken.push(error)
        return isOurs
      },
    })
    words.start()
    return { words, taken }
  }

  timeGoesBy(): void {
    for (const run of this.#due.splice(0)) run()
  }
}

function arrived(element: XmlElement): ArrivedStanza {
  const stanza = { name: element.name, element, from: { domain: REMOTE }, to: { domain: LOCAL } }
  return { stanza, side: 'external' } as unknown as ArrivedStanza
}

function refusal(id: string): XmlElement {
  const sent = xml(
    'message',
    ns.client,
    { from: `alice@${LOCAL}/gatehouse`, to: `bob@${REMOTE}`, id },
    xml('body', ns.client, {}, 'secret'),
  )
  return stanzaErrorFor(sent, 'item-not-found', 'nobody of that name') as XmlElement
}

it('an answer that comes to one replica reaches the one that asked', () => {
  const replicas = new Replicas()
  const { words } = replicas.open()
  const { taken } = replicas.open({ answers: [OWN_ID] })
  words.answered(arrived(xml('iq', ns.client, { type: 'result', from: REMOTE, to: LOCAL, id: OWN_ID })))
  assert.deepEqual(taken, [OWN_ID])
})

it('what cannot be an answer to us is nobody’s business: others do not make us tell', () => {
  const replicas = new Replicas()
  const { words } = replicas.open()
  for (const id of ['', 'x', 'z'.repeat(32)]) words.answered(arrived(xml('iq', ns.client, { type: 'result', id })))
  assert.deepEqual(replicas.told, [])
})

it('a refusal reaches the replica that sent the message, without what was said, and is that one’s alone', async () => {
  const replicas = new Replicas()
  const { words } = replicas.open()
  const { taken } = replicas.open({ bounces: ['m1'] })
  assert.equal(await words.bounced(arrived(refusal('m1'))), true)
  const [error] = taken as [XmlElement]
  assert.deepEqual(readStanzaError(error), { condition: 'item-not-found', type: 'cancel', text: 'nobody of that name' })
  assert.deepEqual([error.name, error.attr('from'), error.attr('to')], ['message', `bob@${REMOTE}`, `alice@${LOCAL}/gatehouse`])
  assert.ok(!replicas.told.join('').includes('secret'))
})

it('a refusal that no replica knows is told after a moment: the message was taken before', async () => {
  const replicas = new Replicas()
  const { words } = replicas.open()
  replicas.open({ bounces: ['another'] })
  const bounced = words.bounced(arrived(refusal('m1')))
  replicas.timeGoesBy()
  assert.equal(await bounced, false)
})

it('words that are none are left', () => {
  const told: ((text: string) => void)[] = []
  const words = new SiblingWords({
    context: {
      siblings: { tell: () => undefined, onTold: (run) => void told.push(run) },
      clock: { nowMs: () => 0, after: () => () => undefined, every: () => () => undefined },
    },
    takeAnswer: () => assert.fail('an answer'),
    takeBounce: () => assert.fail('a refusal'),
  })
  words.start()
  for (const text of ['', 'null', '[]', '{"kind":"answer"}', '{"kind":1,"side":"external","local":"a","remote":"b","id":"c"}'])
    told[0]?.(text)
})
