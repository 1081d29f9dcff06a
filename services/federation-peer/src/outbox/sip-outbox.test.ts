import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { type Delivery, deliveredOutcome, deliveryCodes, failedOutcome, queuedOutcome } from '@gatehouse/delivery'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { partner, settings } from '@gatehouse/policy-engine/test'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import { createRequest, createResponse, encodeMessage, type SipRequest } from '@gatehouse/sip-core'
import { JABBER } from '../endpoint/sip-user-rig.ts'
import { GateRig } from '../session/gate-rig.ts'
import type { RigConnection } from '../session/rig-connection.ts'

const queue = { enabled: true, maxAgeMinutes: 60, uncertain: 'fail' } as const
const SETTINGS = settings({ unverified: { message: 'deliver', presence: 'allow' }, queue })
/** Microsoft's own would be sent a session. */
const PAGE_MODE_PARTNER = partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example', dialect: 'standard' })
const MINUTE_MS = 60_000
let branches = 0

interface Said {
  readonly from?: string
  readonly to?: string
  readonly contentType?: string
  readonly method?: string
  readonly toTag?: string
}

function say(
  text: string,
  { from = 'alice@contoso.example', to = 'bob@fabrikam.example', contentType = 'text/plain', ...more }: Said = {},
) {
  const method = more.method ?? 'MESSAGE'
  return createRequest(
    method,
    `sip:${to}`,
    [
      ['Via', `SIP/2.0/TLS client.example.net:5061;branch=z9hG4bK${branches++}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${from}>;tag=a1`],
      ['To', `<sip:${to}>${more.toTag === undefined ? '' : `;tag=${more.toTag}`}`],
      ['Call-ID', `call-${branches}`],
      ['CSeq', `7 ${method}`],
      ['Content-Type', contentType],
      ['X-Unheard-Of', 'kept'],
    ],
    Buffer.from(text),
  )
}

async function waitingRig(): Promise<GateRig> {
  const rig = new GateRig({ hasOutbox: true, policy: [SETTINGS] })
  await rig.startOutbox()
  return rig
}

async function send(rig: GateRig, connection: RigConnection, request: SipRequest): Promise<void> {
  connection.receive(encodeMessage(request))
  await rig.settle()
}

/** Time goes by in steps, so that what a timer began can go on. */
async function pass(rig: GateRig, forMs: number): Promise<void> {
  for (let left = forMs; left > 0; left -= MINUTE_MS) {
    rig.passTime(Math.min(left, MINUTE_MS))
    await rig.settle()
  }
}

const bodies = (connection: RigConnection): string[] => connection.requests().map(({ body }) => Buffer.from(body).toString())

async function answer(rig: GateRig, connection: RigConnection, at: number, status = 200): Promise<void> {
  connection.receive(encodeMessage(createResponse(connection.requests()[at]!, status, undefined, { toTag: 'b1' })))
  await rig.settle()
}

function outcomes(rig: GateRig): string[] {
  return rig.archived().flatMap((bytes) => {
    const { content } = fromBinary(ArchiveRecordSchema, bytes)
    if (content.case !== 'outcomes') return []
    return Array.from({ length: content.value.envelopeIds.length / 16 }, () => `${content.value.status} ${content.value.code}`)
  })
}

test('accepted while the partner is away, sent as it was when it is back, one at a time and in order', async () => {
  const rig = await waitingRig()
  rig.away.add('external')
  const sent = [say('one'), say('two')]
  for (const request of sent) await send(rig, rig.inside, request)
  assert.deepEqual(
    rig.inside.responses().map(({ status }) => status),
    [202, 202],
  )
  rig.away.clear()
  await send(rig, rig.inside, say('three'))
  assert.equal(rig.inside.responses().length, 3, 'it queues up behind them')
  assert.deepEqual(bodies(rig.partnerLink), [])
  await pass(rig, MINUTE_MS)
  assert.deepEqual(bodies(rig.partnerLink), ['one'])
  const [first] = rig.partnerLink.requests()
  assert.deepEqual(
    ['Call-ID', 'CSeq', 'From', 'X-Unheard-Of'].map((name) => first?.headers.first(name)),
    ['Call-ID', 'CSeq', 'From', 'X-Unheard-Of'].map((name) => sent[0]?.headers.first(name)),
  )
  assert.equal(first?.headers.count('Via'), 1, 'the way back ends here')
  await answer(rig, rig.partnerLink, 0)
  await answer(rig, rig.partnerLink, 1)
  await answer(rig, rig.partnerLink, 2)
  assert.deepEqual(bodies(rig.partnerLink), ['one', 'two', 'three'])
  await send(rig, rig.inside, say('four'))
  await answer(rig, rig.partnerLink, 3)
  assert.deepEqual(
    rig.inside.responses().map(({ status }) => status),
    [202, 202, 202, 200],
  )
  await pass(rig, MINUTE_MS)
  assert.deepEqual(outcomes(rig).filter((text) => text.includes('DELIVERED')).length, 3)
})

test('a partner that answers 503 is away as well; one that does not answer may have it', async () => {
  const rig = await waitingRig()
  await send(rig, rig.inside, say('busy'))
  await answer(rig, rig.partnerLink, 0, 503)
  assert.equal(rig.inside.responses()[0]?.status, 202)
  await pass(rig, MINUTE_MS)
  await answer(rig, rig.partnerLink, 1)
  assert.deepEqual(bodies(rig.partnerLink), ['busy', 'busy'])
  await send(rig, rig.inside, say('silence'))
  await pass(rig, MINUTE_MS)
  assert.equal(rig.inside.responses().at(-1)?.status, 504)
  assert.deepEqual(bodies(rig.partnerLink), ['busy', 'busy', 'silence'])
})

test('what cannot wait: sessions, messages in a dialog, kinds but messages, destinations that DNS does not know, policy without queue', async () => {
  const rig = await waitingRig()
  rig.away.add('external')
  await send(rig, rig.inside, say('v=0', { method: 'INVITE', contentType: 'application/sdp' }))
  await send(rig, rig.inside, say('<x/>', { contentType: 'application/im-iscomposing+xml' }))
  rig.linkCode = 'GH-EDGE-LINK-NO-RECORD'
  await send(rig, rig.inside, say('no such edge'))
  rig.linkCode = 'GH-EDGE-LINK-CONNECT'
  rig.setPolicy([settings({ unverified: { message: 'deliver', presence: 'allow' }, queue: { ...queue, enabled: false } })])
  await send(rig, rig.inside, say('not here'))
  assert.deepEqual(
    rig.inside
      .responses()
      .map(({ status }) => status)
      .filter((status) => status >= 200),
    [504, 504, 504, 504],
  )
})

test('blocked in between: not sent, on record, and the sender told in words', async () => {
  const rig = await waitingRig()
  rig.away.add('external')
  await send(rig, rig.inside, say('secret'))
  rig.setPolicy([
    SETTINGS,
    { kind: 'BlockEntry', name: 'bob', spec: { address: 'bob@fabrikam.example', owner: 'security', reason: 'test' } },
  ])
  rig.away.clear()
  await pass(rig, 2 * MINUTE_MS)
  assert.deepEqual(bodies(rig.partnerLink), [])
  const [notice] = rig.inside.requests()
  assert.match(notice?.headers.first('From') ?? '', /^<sip:gatehouse@gate\.contoso\.example>/)
  assert.equal(notice?.requestUri, 'sip:alice@contoso.example')
  assert.match(Buffer.from(notice?.body ?? []).toString(), /bob@fabrikam\.example was not delivered\.$/)
  assert.deepEqual(
    outcomes(rig).filter((text) => text.startsWith('403')),
    ['403 GH-POLICY-BLOCKED'],
  )
})

test('too old: the sender outside is told, from an address in our domain', async () => {
  const rig = await waitingRig()
  rig.setPolicy([SETTINGS, PAGE_MODE_PARTNER])
  const partner = rig.open('external', ['sip.fabrikam.example'])
  rig.away.add('internal')
  await send(rig, partner, say('hello', { from: 'carol@fabrikam.example', to: 'alice@contoso.example' }))
  assert.equal(partner.responses()[0]?.status, 202)
  await pass(rig, 61 * MINUTE_MS)
  const [notice] = rig.partnerLink.requests()
  assert.equal(notice?.requestUri, 'sip:carol@fabrikam.example')
  assert.match(notice?.headers.first('From') ?? '', /^<sip:gatehouse@contoso\.example>/)
  assert.match(Buffer.from(notice?.body ?? []).toString(), /to alice@contoso\.example was not delivered: the other side/)
  assert.deepEqual(
    outcomes(rig).filter((text) => text.includes('EXPIRED')),
    ['480 GH-OUTBOX-EXPIRED'],
  )
})

test('an attempt that nobody answers is not repeated; the sender is told that it may have arrived', async () => {
  const rig = await waitingRig()
  rig.away.add('external')
  await send(rig, rig.inside, say('once'))
  rig.away.clear()
  await pass(rig, 5 * MINUTE_MS)
  assert.deepEqual(bodies(rig.partnerLink), ['once'])
  assert.match(bodies(rig.inside)[0] ?? '', /may not have been delivered/)
})

test('nothing is accepted while the archive does not commit', async () => {
  const rig = await waitingRig()
  rig.away.add('external')
  rig.isArchiveAway = true
  await send(rig, rig.inside, say('unrecorded'))
  assert.equal(rig.inside.responses()[0]?.status, 503)
  rig.away.clear()
  rig.isArchiveAway = false
  await pass(rig, 2 * MINUTE_MS)
  assert.deepEqual(bodies(rig.partnerLink), [])
})

// ── what came by SIP for those whom SIP does not lead to ──

const NOBODY = failedOutcome(deliveryCodes, 'GH-DELIVERY-NOBODY')
const HOME_AWAY = { ...NOBODY, code: 'GH-XMPP-AWAY', sipStatus: 504 } as const
const XMPP_HOME: PolicyObject = {
  kind: 'InternalDomain',
  name: 'chat',
  spec: { domain: 'chat.contoso.example', subdomains: false, homeSystem: 'xmpp' },
}
const TO_HOME = { from: 'carol@fabrikam.example', to: 'dave@chat.contoso.example' } as const
const textOf = ({ envelope: { content } }: Delivery): string => (content.kind === 'message' ? content.text : content.kind)

/** Of a partner's messages to a home system that speaks XMPP, and of ours to a network. */
async function bridgedRig(): Promise<{ rig: GateRig; partner: RigConnection }> {
  const rig = await waitingRig()
  rig.setPolicy([SETTINGS, PAGE_MODE_PARTNER, XMPP_HOME, JABBER])
  return { rig, partner: rig.open('external', ['sip.fabrikam.example']) }
}

test('a home system that speaks XMPP is away: a partner’s messages wait, and go on in order when it is back', async () => {
  const { rig, partner } = await bridgedRig()
  rig.outcome = () => HOME_AWAY
  await send(rig, partner, say('one', TO_HOME))
  await send(rig, partner, say('two', TO_HOME))
  assert.deepEqual(
    partner.responses().map(({ status }) => status),
    [202, 202],
  )
  assert.deepEqual([...new Set(rig.handedOver.map(textOf))], ['one'], 'the second waits behind the first without being tried')
  const tried = rig.handedOver.length
  rig.outcome = () => deliveredOutcome()
  await send(rig, partner, say('three', TO_HOME))
  await pass(rig, MINUTE_MS)
  assert.deepEqual(rig.handedOver.slice(tried).map(textOf), ['one', 'two', 'three'])
  const again = rig.handedOver[tried]
  assert.deepEqual([again?.waited, again?.decision.queue, again?.decision.mark], [true, undefined, 'unverified'])
  assert.deepEqual(again?.envelope.id, rig.handedOver[0]?.envelope.id)
  await send(rig, partner, say('four', TO_HOME))
  assert.deepEqual(
    partner.responses().map(({ status }) => status),
    [202, 202, 202, 200],
  )
  assert.equal(outcomes(rig).filter((text) => text.includes('DELIVERED')).length, 3)
})

test('a home system that speaks XMPP stays away: the partner’s user is told', async () => {
  const { rig, partner } = await bridgedRig()
  rig.outcome = () => HOME_AWAY
  await send(rig, partner, say('hello', TO_HOME))
  await pass(rig, 61 * MINUTE_MS)
  const [notice] = rig.partnerLink.requests()
  assert.equal(notice?.requestUri, 'sip:carol@fabrikam.example')
  assert.match(Buffer.from(notice?.body ?? []).toString(), /to dave@chat\.contoso\.example was not delivered: the other side/)
})

test('what a home system refuses, and what may have arrived there, does not wait', async () => {
  const { rig, partner } = await bridgedRig()
  for (const outcome of [
    { ...HOME_AWAY, sipStatus: 404 },
    { ...HOME_AWAY, isCertain: false },
    { ...HOME_AWAY, code: 'GH-BRIDGE-BUSY', sipStatus: 503 },
    { ...HOME_AWAY, retry: 'never' },
  ] as const) {
    rig.outcome = () => outcome
    await send(rig, partner, say('now or never', TO_HOME))
  }
  assert.deepEqual(
    partner.responses().map(({ status }) => status),
    [404, 504, 504, 504],
  )
})

test('no replica of the bridge is there: what our users send to networks waits here, and may wait on there', async () => {
  const { rig } = await bridgedRig()
  rig.outcome = () => NOBODY
  await send(rig, rig.inside, say('one', { to: 'bob@jabber.example' }))
  assert.equal(rig.inside.responses()[0]?.status, 202)
  rig.outcome = () => queuedOutcome()
  await pass(rig, MINUTE_MS)
  const late = rig.handedOver.at(-1)
  assert.deepEqual([late?.waited, late?.decision.queue?.uncertain], [undefined, 'fail'])
  assert.ok((late?.decision.queue?.maxAgeMs ?? 0) < 60 * MINUTE_MS, 'not longer than it was allowed to wait at first')
  assert.deepEqual(
    outcomes(rig).filter((text) => text.includes('DELIVERED')),
    [],
    'whoever keeps it now says what becomes of it',
  )
})

test('what the bridge itself could not keep is not kept here instead', async () => {
  const { rig } = await bridgedRig()
  rig.outcome = () => ({ ...NOBODY, code: 'GH-OUTBOX-FULL', sipStatus: 503 })
  await send(rig, rig.inside, say('one too many', { to: 'bob@jabber.example' }))
  assert.equal(rig.inside.responses()[0]?.status, 504)
})
