import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { cutAt, SeededRandom, singleBytes } from '@gatehouse/fuzz'
import { IncomingStream } from '../stream/incoming-stream.ts'
import { OutgoingStream } from '../stream/outgoing-stream.ts'
import { eventsOf } from '../testing/read-events.ts'
import { StreamPair } from '../testing/stream-pair.ts'
import { testSurroundings } from '../testing/surroundings.ts'
import { ns } from '../xml/namespaces.ts'
import { xml } from '../xml/xml-element.ts'
import { mutate } from './mutate.ts'

const MUTATIONS = 1_500

/** What each side of a whole session says: negotiation, stanzas both ways, dialback, the end. */
const { client: CLIENT, server: SERVER } = recordSession()

function recordSession(): { client: Buffer[]; server: Buffer[] } {
  const pair = new StreamPair({ clientNames: ['contoso.example'], serverNames: ['fabrikam.example'] }).start()
  const say = (from: string, to: string) =>
    xml('message', ns.client, { from, to, id: 'm1' }, xml('body', ns.client, {}, 'Gr\u00fc\u00dfe \u20ac \ud83d\ude00 <&>'))
  pair.client.sendStanza(say('alice@contoso.example', 'bob@fabrikam.example'), 1)
  pair.run()
  pair.server.sendStanza(say('bob@fabrikam.example', 'alice@contoso.example'), 2)
  pair.run()
  pair.client.addDomain(0, 'sales.contoso.example')
  pair.run()
  pair.server.answerDialback(0, 'sales.contoso.example', 'fabrikam.example', 'valid')
  pair.client.close(0)
  pair.run()
  const of = (side: string) => pair.wire.flatMap((line) => (line.startsWith(`${side}: `) ? [Buffer.from(line.slice(side.length + 2))] : []))
  return { client: of('client'), server: of('server') }
}

/** The part of a recording that is one XML document. */
function lastDocument(writes: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(writes)
  return bytes.subarray(bytes.lastIndexOf('<?xml'))
}

test('a stream cut at every point, and byte by byte, gives the same events', () => {
  for (const bytes of [lastDocument(CLIENT), lastDocument(SERVER)]) {
    const whole = eventsOf([bytes])
    assert.equal(whole.at(-1), 'close')
    for (let position = 1; position < bytes.length; position += 1)
      assert.deepEqual(eventsOf(cutAt(bytes, position)), whole, `cut at ${position}`)
    assert.deepEqual(eventsOf(singleBytes(bytes)), whole)
  }
})

test('mutated streams give the same events however they are cut', () => {
  const random = new SeededRandom(1)
  for (let run = 0; run < MUTATIONS / 10; run += 1) {
    const bytes = mutate(lastDocument(random.pick([CLIENT, SERVER])), random)
    const whole = eventsOf([bytes])
    assert.deepEqual(eventsOf(cutAt(bytes, random.below(bytes.length + 1))), whole, `run ${run}`)
    assert.deepEqual(eventsOf(singleBytes(bytes)), whole, `run ${run}, byte by byte`)
  }
})

test('mutated sessions: no exception, one end at most, never ready unless its domain was shown', () => {
  const random = new SeededRandom(2026)
  let ready = 0
  for (let run = 0; run < MUTATIONS; run += 1) {
    const isServer = run % 2 === 0
    const stream = isServer ? incoming() : outgoing()
    const writes = [...(isServer ? CLIENT : SERVER)]
    const target = random.below(writes.length)
    writes[target] = mutate(writes[target] as Buffer, random)
    let closed = 0
    let authenticated = 0
    for (const [at, write] of writes.entries()) {
      const cut = random.below(write.length + 1)
      stream.handleData(write.subarray(0, cut), at)
      stream.handleData(write.subarray(cut), at)
      for (let event = stream.takeEvent(); event !== undefined; event = stream.takeEvent()) {
        if (event.kind === 'startTls') stream.handleSecured(at, (domain) => domain === 'contoso.example' || domain === 'fabrikam.example')
        if (event.kind === 'closed') closed += 1
        if (event.kind === 'authenticated' || event.kind === 'ready') authenticated += 1
        if (event.kind === 'stanza') assert.ok(authenticated > 0, `run ${run}: a stanza of nobody`)
      }
      stream.takeWrite()
      assert.ok(closed <= 1)
      if (stream.isReady) ready += 1
    }
    if (stream.isReady) assert.ok(authenticated > 0)
    stream.handleTimeout(10_000_000)
    stream.handleGone(10_000_000, 'end')
  }
  assert.ok(ready > MUTATIONS / 20, `only ${ready}: the mutations are too wild to test anything`)
})

function incoming(): IncomingStream {
  return new IncomingStream(
    testSurroundings(),
    {
      isHosted: (domain) => domain === 'fabrikam.example',
      startTls: true,
      certifies: undefined,
      allowDialback: true,
      offerBidi: true,
      offerManagement: true,
      takeSession: () => undefined,
    },
    0,
  )
}

function outgoing(): OutgoingStream {
  const stream = new OutgoingStream(
    testSurroundings(),
    {
      local: 'contoso.example',
      remote: 'fabrikam.example',
      tls: 'required',
      certifies: undefined,
      acceptUncertified: false,
      useExternal: true,
      useDialback: true,
      wantBidi: true,
      wantManagement: true,
      purpose: 'stanzas',
    },
    0,
  )
  stream.start(0)
  return stream
}
