import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyObject, TraceExchange } from '@gatehouse/policy-engine'
import { partner } from '@gatehouse/policy-engine/test'
import { createRequest, createResponse, encodeMessage, type SipRequest } from '@gatehouse/sip-core'
import { CollectedSpans, type SeenSpan, spanTree } from '@gatehouse/telemetry/test'
import { JABBER } from '../endpoint/sip-user-rig.ts'
import { GateRig } from './gate-rig.ts'

const THEIRS = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const CANARY = 'zq-canary-7431'
const TRACE_HEADERS = [
  ['Traceparent', THEIRS],
  ['Tracestate', 'a=b'],
  ['baggage', 'user=carol'],
  ['b3', '1'],
  ['X-B3-TraceId', '1'],
  ['X-Traceparent', THEIRS],
  ['uber-trace-id', '1:2:0:1'],
  ['x-datadog-trace-id', '1'],
] as const

function message(from: string, to: string, headers: readonly (readonly [string, string])[] = []): SipRequest {
  return createRequest(
    'MESSAGE',
    `sip:${to}`,
    [
      ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKm'],
      ['Max-Forwards', '70'],
      ['From', `<sip:${from}>;tag=a1`],
      ['To', `<sip:${to}>`],
      ['Call-ID', 'call-1@phone.fabrikam.example'],
      ['CSeq', '1 MESSAGE'],
      ['Content-Type', 'text/plain'],
      ...headers,
    ],
    Buffer.from(CANARY),
  )
}

function partnerWith(traceContext: TraceExchange): PolicyObject {
  return partner('northwind', { domains: ['northwind.example'], edge: 'sip.northwind.example', traceContext })
}

/** One message from a partner that the inside answers with `status`; what went inside, and the spans. */
async function passIn(
  rig: GateRig,
  collected: CollectedSpans,
  from: string,
  status = 200,
): Promise<{ forwarded: SipRequest | undefined; spans: readonly SeenSpan[] }> {
  const partner = rig.open('external', [`sip.${from.split('@')[1]}`])
  partner.receive(encodeMessage(message(from, 'alice@contoso.example', TRACE_HEADERS)))
  await rig.settle()
  const forwarded = rig.inside.requests()[0]
  if (forwarded !== undefined) rig.inside.receive(encodeMessage(createResponse(forwarded, status, undefined, { toTag: 'b1' })))
  await rig.settle()
  return { forwarded, spans: await collected.all() }
}

describe('a message that is followed', () => {
  it('is the example of each stage that is measured; one that is not followed is none', async () => {
    for (const ratio of [1, 0]) {
      const collected = new CollectedSpans({ ratio })
      const rig = new GateRig({ tracer: collected.tracer('federation-peer') })
      const { spans } = await passIn(rig, collected, 'carol@fabrikam.example')
      const traceId = spans[0]?.traceId
      assert.equal(traceId !== undefined, ratio === 1)
      assert.deepEqual(rig.stages, traceId === undefined ? [] : ['admit', 'record', 'deliver'].map((stage) => [stage, traceId]))
    }
  })

  it('is one tree of its stages, without its text and with hashed addresses', async () => {
    const collected = new CollectedSpans()
    const { spans } = await passIn(new GateRig({ tracer: collected.tracer('federation-peer') }), collected, 'carol@fabrikam.example')
    assert.deepEqual(
      spanTree(spans, { isTimeless: true })
        .split('\n')
        .map((line) => line.replace(/ +federation-peer$/, '')),
      ['MESSAGE external', '├─ decide', '├─ archive.append', '├─ route', '└─ MESSAGE internal'],
    )
    const root = spans.find(({ name }) => name === 'MESSAGE external')
    assert.partialDeepStrictEqual(root?.facts, {
      'gatehouse.verdict': 'allow',
      'gatehouse.partner': 'fabrikam',
      'gatehouse.peer_class': 'direct',
      'gatehouse.direction': 'inbound',
      'sip.request.method': 'MESSAGE',
      'sip.response.status_code': 200,
    })
    const all = JSON.stringify(spans)
    for (const word of ['carol', 'alice', CANARY, 'call-1', 'phone.fabrikam']) assert.ok(!all.includes(word), `${word} in ${all}`)
  })

  it('has a trace of its own, whatever the partner sends, and nothing of that goes on', async () => {
    const collected = new CollectedSpans()
    const { forwarded, spans } = await passIn(new GateRig({ tracer: collected.tracer() }), collected, 'carol@fabrikam.example')
    assert.ok(spans.every(({ traceId, links }) => !THEIRS.includes(traceId) && links.length === 0))
    for (const [name] of TRACE_HEADERS) assert.equal(forwarded?.headers.has(name), false, name)
  })

  it('is not followed because a partner says so', async () => {
    const collected = new CollectedSpans({ ratio: 0 })
    const { forwarded, spans } = await passIn(new GateRig({ tracer: collected.tracer() }), collected, 'carol@fabrikam.example')
    assert.ok(forwarded)
    assert.deepEqual(spans, [])
  })

  for (const [exchange, isLinked] of [
    ['none', false],
    ['accept', true],
    ['send', false],
    ['both', true],
  ] as const) {
    it(`notes a partner’s trace beside its own only where policy says so: ${exchange}`, async () => {
      const collected = new CollectedSpans()
      const rig = new GateRig({ tracer: collected.tracer(), policy: [partnerWith(exchange)] })
      const { forwarded, spans } = await passIn(rig, collected, 'nina@northwind.example')
      const links = spans.flatMap((span) => span.links)
      assert.deepEqual(links, isLinked ? [{ traceId: THEIRS.slice(3, 35), spanId: THEIRS.slice(36, 52) }] : [])
      assert.equal(forwarded?.headers.has('Traceparent'), false)
    })

    it(`tells a partner of ours only where policy says so: ${exchange}`, async () => {
      const collected = new CollectedSpans()
      const rig = new GateRig({ tracer: collected.tracer(), policy: [partnerWith(exchange)] })
      rig.inside.receive(encodeMessage(message('alice@contoso.example', 'nina@northwind.example', TRACE_HEADERS)))
      await rig.settle()
      const [forwarded] = rig.partnerLink.requests()
      rig.partnerLink.receive(encodeMessage(createResponse(forwarded as SipRequest, 200, undefined, { toTag: 'b1' })))
      await rig.settle()
      const span = (await collected.all()).find(({ name }) => name === 'MESSAGE external')
      const isTold = exchange === 'send' || exchange === 'both'
      assert.equal(forwarded?.headers.first('Traceparent'), isTold ? `00-${span?.traceId}-${span?.spanId}-01` : undefined)
      assert.equal(forwarded?.headers.has('Tracestate'), false)
    })
  }

  it('that fails is an error with our code; one that is refused is not', async () => {
    const collected = new CollectedSpans()
    const failed = await passIn(new GateRig({ tracer: collected.tracer() }), collected, 'carol@fabrikam.example', 501)
    const root = failed.spans.find(({ name }) => name === 'MESSAGE external')
    assert.deepEqual([root?.isError, root?.facts['error.type'], root?.facts['sip.response.status_code']], [true, '501', 501])
    const other = new CollectedSpans()
    const refused = await passIn(new GateRig({ tracer: other.tracer() }), other, 'bill@woodgrove.example')
    const denied = refused.spans.find(({ name }) => name === 'MESSAGE external')
    assert.deepEqual([denied?.isError, denied?.facts['gatehouse.verdict']], [false, 'deny'])
  })

  it('while the archive is away shows where it stood', async () => {
    const collected = new CollectedSpans()
    const rig = new GateRig({ tracer: collected.tracer() })
    rig.isArchiveAway = true
    const { spans } = await passIn(rig, collected, 'carol@fabrikam.example')
    const stage = spans.find(({ name }) => name === 'archive.append')
    assert.deepEqual([stage?.isError, stage?.facts['error.type']], [true, 'GH-PEER-ARCHIVE-AWAY'])
  })

  it('goes on over the bus from its hand-over', async () => {
    const collected = new CollectedSpans()
    const rig = new GateRig({ tracer: collected.tracer(), policy: [JABBER] })
    rig.inside.receive(encodeMessage(message('alice@contoso.example', 'bob@jabber.example')))
    await rig.settle()
    const handed = (await collected.all()).find(({ name }) => name === 'send gh.v1.deliver.xmpp')
    assert.deepEqual(rig.handedOver[0]?.trace, { traceId: handed?.traceId, spanId: handed?.spanId, isSampled: true })
  })
})

describe('a message that is not followed', () => {
  it('is told of after the fact when it failed, where that is wanted', async () => {
    const collected = new CollectedSpans({ ratio: 0, failuresPerSecond: 10 })
    const { spans } = await passIn(new GateRig({ tracer: collected.tracer() }), collected, 'carol@fabrikam.example', 503)
    assert.deepEqual(
      spans.map(({ name, isError }) => [name, isError]),
      [['MESSAGE external', true]],
    )
  })
})
