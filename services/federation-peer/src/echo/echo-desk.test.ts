import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Decision, EdgeSide } from '@gatehouse/im-model'
import { compileSnapshot, DecisionState, type PolicyObject, unknownUser } from '@gatehouse/policy-engine'
import { internal, partner, settings } from '@gatehouse/policy-engine/test'
import { createRequest, createResponse, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import type { Refusal } from '../admit/refusal.ts'
import { OwnNames } from '../route/own-names.ts'
import type { Passage } from '../session/passage.ts'
import { EchoDesk } from './echo-desk.ts'
import { EchoInbox } from './echo-watch.ts'

const POLICY: readonly PolicyObject[] = [
  internal('contoso.example'),
  partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' }),
  settings({ unverified: { message: 'deliver', presence: 'allow' } }),
]

interface MessageParts {
  readonly from?: string
  readonly to?: string
  readonly body?: string
  readonly subject?: string
  readonly side?: EdgeSide
  readonly isInDialog?: boolean
}

class Bench {
  readonly sent: SipRequest[] = []
  readonly answers: SipResponse[] = []
  readonly refusals: Refusal[] = []
  readonly inbox = new EchoInbox(() => () => undefined)
  readonly desk: EchoDesk
  /** False: the partner never answers. */
  answersEchoes = true

  constructor(enabled = true) {
    const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects: POLICY })
    let tags = 0
    this.desk = new EchoDesk({
      settings: { enabled, user: 'echo' },
      inbox: this.inbox,
      snapshot: () => snapshot,
      decisions: new DecisionState(),
      lookupSrv: (_, onDone) => onDone({ status: 'none', detail: '' }),
      lookupFacts: (_, onDone) => onDone(unknownUser('test')),
      agent: {
        send: (_, request, onAnswer) => {
          this.sent.push(request)
          if (this.answersEchoes) onAnswer({ ok: true, response: createResponse(request, 200) })
          return { cancel: () => undefined }
        },
      },
      own: new OwnNames({ host: 'sip.contoso.example', port: 5061 }, { host: 'gate.contoso.example', port: 5061 }),
      newId: () => new Uint8Array(16),
      newTag: () => `t${tags++}`,
      nowMs: () => 1_000,
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    })
  }

  /** True: the desk took it, and whatever it does about it is done. */
  async receive(parts: MessageParts): Promise<boolean> {
    const passage = passageOf(parts)
    if (!this.desk.takes(passage)) return false
    this.desk.take(passage, {
      accept: (_, response) => void this.answers.push(response),
      refuse: (_, refusal) => void this.refusals.push(refusal),
      wait: () => false,
    })
    await new Promise((resolve) => setImmediate(resolve))
    return true
  }
}

function passageOf({
  from = 'carol@fabrikam.example',
  to = 'echo@contoso.example',
  body = 'is anybody there?',
  subject,
  side = 'external',
  isInDialog = false,
}: MessageParts): Passage {
  const headers: (readonly [string, string])[] = [
    ['Via', 'SIP/2.0/TLS sip.fabrikam.example:5061;branch=z9hG4bK1'],
    ['From', `<sip:${from}>;tag=a`],
    ['To', `<sip:${to}>`],
    ['Call-ID', 'c1'],
    ['CSeq', '1 MESSAGE'],
    ['Content-Type', 'text/plain'],
  ]
  if (subject !== undefined) headers.push(['Subject', subject])
  const [fromUser = '', fromDomain = ''] = from.split('@')
  const [toUser = '', toDomain = ''] = to.split('@')
  const decision = { verdict: 'allow', destination: { to: 'inside', domain: toDomain }, rewrite: undefined } as unknown as Decision
  const request = createRequest('MESSAGE', `sip:${to}`, headers, Buffer.from(body))
  return { request, side, method: 'MESSAGE', isInDialog, decision, fromUser, fromDomain, toUser, toDomain } as unknown as Passage
}

describe('the echo', () => {
  it('answers 200 and sends the text back as a page of its own, marked as an echo', async () => {
    const bench = new Bench()
    assert.equal(await bench.receive({ to: 'Echo@contoso.example' }), true)
    assert.equal(bench.answers[0]?.status, 200)
    const [echo] = bench.sent
    assert.equal(echo?.requestUri, 'sip:carol@fabrikam.example')
    assert.match(echo?.headers.first('From') ?? '', /^<sip:Echo@contoso\.example>;tag=/)
    assert.equal(echo?.headers.first('Subject'), 'Gatehouse echo')
    assert.equal(Buffer.from(echo?.body ?? []).toString(), 'is anybody there?')
  })

  it('never echoes an echo, whatever its address is called there', async () => {
    const bench = new Bench()
    assert.equal(await bench.receive({ from: 'mirror@fabrikam.example', subject: 'Gatehouse echo' }), true)
    assert.equal(await bench.receive({ from: 'ECHO@fabrikam.example' }), true)
    assert.deepEqual([bench.answers.length, bench.sent.length], [2, 0])
  })

  it('leaves alone what is for others, from inside, or in a session; and everything while it is off', async () => {
    const bench = new Bench()
    assert.equal(await bench.receive({ to: 'alice@contoso.example' }), false)
    assert.equal(await bench.receive({ side: 'internal' }), false)
    assert.equal(await bench.receive({ isInDialog: true }), false)
    assert.equal(await new Bench(false).receive({}), false)
  })

  it('sends nothing that policy would not let out, and nothing large', async () => {
    const bench = new Bench()
    assert.equal(await bench.receive({ from: 'eve@elsewhere.example' }), true)
    assert.equal(await bench.receive({ body: 'x'.repeat(4_097) }), true)
    assert.equal(bench.sent.length, 0)
  })

  it('has a bound on echoes under way: above it 503', async () => {
    const bench = new Bench()
    bench.answersEchoes = false
    for (let index = 0; index < 65; index++) await bench.receive({})
    assert.deepEqual([bench.sent.length, bench.refusals.length, bench.refusals[0]?.status], [64, 1, 503])
  })
})

describe('what a doctor waits for', () => {
  it('is taken by its token, for any user, even with the echo off; everything else passes', async () => {
    const bench = new Bench(false)
    const seen = bench.inbox.seen('token-4711', 1_000)
    assert.equal(await bench.receive({ to: 'doctor@contoso.example', body: 'hello' }), false)
    assert.equal(await bench.receive({ to: 'doctor@contoso.example', body: 'Gatehouse doctor token-4711' }), true)
    assert.equal(await seen, true)
    assert.deepEqual([bench.answers[0]?.status, bench.sent.length, bench.inbox.isEmpty], [200, 0, true])
    assert.equal(await bench.receive({ to: 'doctor@contoso.example', body: 'Gatehouse doctor token-4711' }), false)
  })

  it('counts as seen where policy refuses it', async () => {
    const bench = new Bench(false)
    const seen = bench.inbox.seen('token-1', 1_000)
    bench.desk.notice(passageOf({ body: 'token-1' }))
    assert.equal(await seen, true)
  })
})
