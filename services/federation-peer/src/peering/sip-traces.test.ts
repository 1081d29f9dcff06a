import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { TracePeerRequestSchema } from '@gatehouse/proto'
import { createRequest, createResponse, encodeMessage, type SipRequest } from '@gatehouse/sip-core'
import { GateRig } from '../session/gate-rig.ts'
import { type TracePeerDeps, tracePeer } from './trace-peer.ts'
import { REDACTED, showMessage } from './traced-message.ts'

const CANARY = 'zq-canary-7431'

function message(text = CANARY, headers: readonly (readonly [string, string])[] = []): SipRequest {
  return createRequest(
    'MESSAGE',
    'sip:alice@contoso.example',
    [
      ['Via', `SIP/2.0/TLS client.example.net:5061;branch=z9hG4bK${text.length}`],
      ['Max-Forwards', '70'],
      ['From', '<sip:carol@fabrikam.example>;tag=a1'],
      ['To', '<sip:alice@contoso.example>'],
      ['Call-ID', 'call-1'],
      ['CSeq', '1 MESSAGE'],
      ['Content-Type', 'text/plain'],
      ...headers,
    ],
    Buffer.from(text),
  )
}

describe('a message as it is shown', () => {
  it('has its headers, and of its body the length', () => {
    const shown = showMessage(message())
    assert.equal(shown.startLine, 'MESSAGE sip:alice@contoso.example SIP/2.0')
    assert.equal(shown.bodyBytes, CANARY.length)
    assert.deepEqual(shown.headers[2], { name: 'From', value: '<sip:carol@fabrikam.example>;tag=a1' })
    assert.ok(!JSON.stringify(shown).includes(CANARY))
  })

  for (const [name, value] of [
    ['Authorization', `Digest response="${CANARY}"`],
    ['Proxy-Authorization', `NTLM ${CANARY}`],
    ['WWW-Authenticate', CANARY],
    ['Authentication-Info', CANARY],
    ['X-Api-Key', CANARY],
    ['X-Session-Cookie', CANARY],
    ['X-Login-Token', CANARY],
    ['Subject', CANARY],
    ['ms-text-format', `text/plain;ms-body=${CANARY}`],
    ['X-Unheard-Of', `text/plain;MS-BODY=${CANARY}`],
  ] as const) {
    it(`shows nothing of ${name}`, () => {
      const shown = showMessage(message('x', [[name, value]])).headers.find((header) => header.name === name)
      assert.deepEqual(shown, { name, value: REDACTED })
    })
  }

  it('leaves out what rides in a URI, and the route token', () => {
    const shown = showMessage(
      message('x', [
        ['Refer-To', `<sip:bob@fabrikam.example?body=${CANARY}&Subject=x>;a=b`],
        ['Route', `<sip:edge.contoso.example;lr;gh=${CANARY}>`],
      ]),
    )
    const values = new Map(shown.headers.map(({ name, value }) => [name, value]))
    assert.equal(values.get('Refer-To'), '<sip:bob@fabrikam.example?…>;a=b')
    assert.equal(values.get('Route'), '<sip:edge.contoso.example;lr;gh=…>')
  })

  it('is bounded', () => {
    const many = Array.from({ length: 500 }, (_, at) => [`X-${at}`, 'y'.repeat(5_000)] as const)
    const shown = showMessage(message('x', many))
    assert.equal(shown.headers.length, 101)
    assert.ok(shown.headers.every(({ value }) => value.length <= 1_025))
  })
})

interface World {
  readonly rig: GateRig
  readonly deps: TracePeerDeps
  readonly logged: string[]
  readonly told: string[]
  /** Lets the time run out. */
  readonly expire: () => void
}

function world(): World {
  const rig = new GateRig()
  const logged: string[] = []
  const told: string[] = []
  let expire: () => void = () => undefined
  const note = (_facts: object, text: string): void => void logged.push(text)
  const deps: TracePeerDeps = {
    traces: rig.traces,
    bus: { publish: (subject) => told.push(subject) > 0 },
    log: { debug: note, info: note, warn: note, error: note },
    replica: 'r0',
    nowMs: () => rig.nowMs,
    after: (_delayMs, run) => {
      expire = run
      return () => undefined
    },
  }
  return { rig, deps, logged, told, expire: () => expire() }
}

function wish(partner: string, maxMessages = 100, seconds = 60) {
  return create(TracePeerRequestSchema, { partner, seconds, maxMessages })
}

describe('a SIP trace of a peer', () => {
  it('shows what crosses its connections both ways, is logged and told, and ends by itself', async () => {
    const { rig, deps, logged, told, expire } = world()
    const answers = tracePeer(wish('Fabrikam.example'), { caller: 'operator', signal: new AbortController().signal }, deps)
    const first = await answers.next()
    assert.equal(first.value?.message, undefined)
    assert.equal(rig.traces.isOn, true)
    const partner = rig.open('external', ['sip.fabrikam.example'])
    partner.receive(encodeMessage(message('the first is not known by its domain yet')))
    await rig.settle()
    partner.receive(encodeMessage(message(CANARY)))
    await rig.settle()
    const [, forwarded] = rig.inside.requests()
    rig.inside.receive(encodeMessage(createResponse(forwarded as SipRequest, 200, undefined, { toTag: 'b1' })))
    await rig.settle()
    expire()
    const shown: string[] = []
    for await (const { message: seen } of answers) {
      shown.push(`${seen?.isReceived === true ? '<' : '>'} ${seen?.startLine} [${seen?.bodyBytes}]`)
      assert.ok(!JSON.stringify(seen, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).includes(CANARY))
    }
    assert.deepEqual(shown, [`< MESSAGE sip:alice@contoso.example SIP/2.0 [${CANARY.length}]`, '> SIP/2.0 200 OK [0]'])
    assert.deepEqual(logged, ['a SIP trace was switched on', 'a SIP trace was switched off'])
    assert.equal(told.length, 2)
    assert.equal(rig.traces.isOn, false)
  })

  it('is by name of the partner and of its certificate too, and of nobody else', async () => {
    for (const [name, count] of [
      ['sip.fabrikam.example', 1],
      ['northwind', 0],
    ] as const) {
      const { rig, deps, expire } = world()
      const answers = tracePeer(wish(name), { caller: 'local', signal: new AbortController().signal }, deps)
      await answers.next()
      rig.open('external', ['sip.fabrikam.example']).receive(encodeMessage(message()))
      await rig.settle()
      expire()
      let seen = 0
      for await (const _ of answers) seen++
      assert.equal(seen, count, name)
    }
  })

  it('shows what is malformed, with what is wrong', async () => {
    const { rig, deps, expire } = world()
    const answers = tracePeer(wish('sip.fabrikam.example'), { caller: 'local', signal: new AbortController().signal }, deps)
    await answers.next()
    const text = encodeMessage(message()).toString('latin1').replace('CSeq: 1 MESSAGE', 'CSeq: one MESSAGE')
    rig.open('external', ['sip.fabrikam.example']).receive(Buffer.from(text, 'latin1'))
    await rig.settle()
    expire()
    const { value } = await answers.next()
    assert.equal(value?.message?.isReceived, true)
    assert.ok(value?.message?.startLine?.startsWith('MESSAGE'))
    await answers.return(undefined)
  })

  it('ends after so many messages, and does not pile up for a caller who does not read', async () => {
    const { rig, deps } = world()
    const answers = tracePeer(wish('sip.fabrikam.example', 2_000), { caller: 'local', signal: new AbortController().signal }, deps)
    await answers.next()
    const connection = rig.open('external', ['sip.fabrikam.example'])
    for (let at = 0; at < 3_000; at++) rig.traces.note(connection, message('x'), true, rig.nowMs)
    let seen = 0
    for await (const _ of answers) seen++
    assert.equal(seen, 500)
  })

  it('ends when the caller goes, and is refused where it would have no end', async () => {
    const { rig, deps } = world()
    const abort = new AbortController()
    const answers = tracePeer(wish('fabrikam'), { caller: 'local', signal: abort.signal }, deps)
    await answers.next()
    const waiting = answers.next()
    abort.abort()
    assert.equal((await waiting).done, true)
    assert.equal(rig.traces.isOn, false)
    const context = { caller: 'local', signal: new AbortController().signal }
    for (const bad of [wish(''), wish('x', 0), wish('x', 100_000), wish('x', 1, 0), wish('x', 1, 86_400)]) {
      await assert.rejects(tracePeer(bad, context, deps).next(), { code: 'GH-PEER-TRACE-REQUEST' })
    }
    const open = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const each = tracePeer(wish('fabrikam'), context, deps)
        await each.next()
        return each
      }),
    )
    await assert.rejects(tracePeer(wish('fabrikam'), context, deps).next(), { code: 'GH-PEER-TRACE-MANY' })
    for (const each of open) await each.return(undefined)
  })
})
