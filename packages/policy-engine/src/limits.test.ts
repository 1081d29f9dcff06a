import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Decision } from '@gatehouse/im-model'
import { explain } from './decide.ts'
import type { DecisionInput } from './input.ts'
import { noteResponse } from './note-response.ts'
import { AddresseeSet } from './state/addressee-set.ts'
import { DecisionState } from './state/decision-state.ts'
import { RecentMap } from './state/recent-map.ts'
import { TokenBuckets } from './state/token-buckets.ts'
import { allowed, decided, inbound, internal, NOW_MS, object, outbound, partner, peer, settings, snapshotOf } from './testing/samples.ts'

const open = snapshotOf(internal('contoso.example'), settings({ discovery: true, unverified: { message: 'deliver', presence: 'allow' } }))
const stranger = inbound({ peer: peer(['fabrikam.example']) })
const print = stranger.peer.fingerprint

function run(state: DecisionState, input: DecisionInput, snapshot: typeof open = open): Decision {
  return decided(snapshot, input, state)
}

/** `count` messages, `gapMs` apart, each to its own address; the codes in order. */
function send(state: DecisionState, count: number, gapMs: number, more: Partial<DecisionInput> = {}, prefix: string = 'u'): string[] {
  return Array.from(
    { length: count },
    (_, index) => run(state, { ...stranger, nowMs: NOW_MS + index * gapMs, toUser: `${prefix}${index}`, ...more }).code,
  )
}

describe('discovered peers', () => {
  it('send 20 a second, then are told when to come again', () => {
    const state = new DecisionState()
    const codes = send(state, 25, 0)
    assert.equal(codes.filter((code) => code === 'GH-POLICY-ALLOWED').length, 20)
    const refused = run(state, stranger)
    assert.deepEqual([refused.code, refused.retryAfterS, refused.sipStatus], ['GH-POLICY-RATE-DISCOVERED', 1, 503])
    assert.equal(run(state, { ...stranger, nowMs: NOW_MS + 1000 }).verdict, 'allow')
  })

  it('write to 1,000 addresses, known or not, and to no further one until a day of silence', () => {
    const state = new DecisionState()
    const codes = send(state, 1002, 100)
    assert.equal(codes.filter((code) => code === 'GH-POLICY-ALLOWED').length, 1000)
    assert.equal(codes[1000], 'GH-POLICY-ADDRESSEES')
    const lateMs = NOW_MS + 200_000
    assert.equal(run(state, { ...stranger, nowMs: lateMs, toUser: 'u0' }).code, 'GH-POLICY-ADDRESSEES')
    assert.equal(state.watchList.list()[0]?.isOverLimit, true)
    const other = peer(['fabrikam.example'], { fingerprint: 'cd' })
    assert.equal(run(state, { ...stranger, nowMs: lateMs, peer: other }).verdict, 'allow')
    assert.equal(run(state, { ...stranger, nowMs: lateMs + 25 * 3_600_000 }).verdict, 'allow')
  })

  it('may write to a known address however often', () => {
    const state = new DecisionState()
    assert.ok(send(state, 3000, 100, { toUser: 'bob' }).every((code) => code === 'GH-POLICY-ALLOWED'))
  })

  it('are watched by certificate, not by domain', () => {
    const state = new DecisionState()
    send(state, 15, 0)
    const codes = send(state, 15, 0, { fromDomain: 'other.example', peer: peer(['other.example']) })
    assert.equal(codes.filter((code) => code === 'GH-POLICY-ALLOWED').length, 5)
  })

  it('are free of limits once listed', () => {
    const listed = snapshotOf(
      internal('contoso.example'),
      settings({ discovery: true, unverified: { message: 'deliver', presence: 'allow' } }),
      allowed('fabrikam.example'),
    )
    const state = new DecisionState()
    for (let at = 0; at < 1500; at++) assert.equal(run(state, { ...stranger, toUser: `u${at}` }, listed).verdict, 'allow')
  })

  it('send one a second while they mostly fail, and recover by doing better', () => {
    const state = new DecisionState()
    const fail = (count: number, status: number, nowMs: number): void => {
      for (let at = 0; at < count; at++) noteResponse(state, run(new DecisionState(), stranger), print, status, nowMs)
    }
    fail(19, 404, NOW_MS)
    assert.equal(state.watchList.isSuspicious(print, NOW_MS), false)
    fail(1, 404, NOW_MS)
    assert.equal(state.watchList.isSuspicious(print, NOW_MS), true)
    assert.deepEqual(send(state, 2, 0), ['GH-POLICY-ALLOWED', 'GH-POLICY-RATE-SUSPICIOUS'])
    assert.equal(run(state, { ...stranger, nowMs: NOW_MS + 1001 }).verdict, 'allow')
    fail(59, 200, NOW_MS + 2000)
    assert.equal(state.watchList.isSuspicious(print, NOW_MS + 2000), true)
    fail(3, 200, NOW_MS + 2000)
    assert.equal(state.watchList.isSuspicious(print, NOW_MS + 2000), false)
  })

  it('are forgiven by time', () => {
    const state = new DecisionState()
    for (let at = 0; at < 30; at++) state.watchList.noteOutcome(print, false, NOW_MS)
    assert.equal(state.watchList.isSuspicious(print, NOW_MS + 20 * 60_000), true)
    assert.equal(state.watchList.isSuspicious(print, NOW_MS + 30 * 60_000), false)
  })

  it('answers that say nothing about the sender do not count, refusals by rule do', () => {
    const state = new DecisionState()
    const decision = run(new DecisionState(), stranger)
    for (const status of [100, 180, 401, 407, 408, 480, 486, 487, 500, 503, 600, 603]) {
      for (let at = 0; at < 30; at++) noteResponse(state, decision, print, status, NOW_MS)
    }
    assert.equal(state.watchList.list().length, 0)
    const shut = snapshotOf(internal('contoso.example'), settings({ discovery: true }))
    for (let at = 0; at < 20; at++)
      assert.equal(run(state, { ...stranger, assertedMark: undefined, toUser: `x${at}` }, shut).verdict, 'deny')
    const [watched] = state.watchList.list()
    assert.deepEqual([watched?.addressees, watched?.bad, watched?.isSuspicious], [20, 20, true])
  })

  it('explaining moves no counter', () => {
    const state = new DecisionState()
    for (let at = 0; at < 100; at++) {
      const decision = explain(open, { ...stranger, toUser: `u${at}` }, state)
      assert.ok(!('need' in decision) && decision.verdict === 'allow')
    }
    assert.equal(state.watchList.list().length, 0)
    assert.equal(state.discoveredBuckets.size, 0)
  })
})

describe('peer and user limits', () => {
  const limits = object('Limits', 'default', {
    discovered: { perSecond: 20, addressees: 1000, suspiciousPerSecond: 1 },
    peer: { perSecond: 5 },
    user: { perSecond: 0.5, burst: 3 },
  })
  const snapshot = snapshotOf(
    internal('contoso.example'),
    settings(),
    partner('fabrikam', { domains: ['fabrikam.example'], edge: 'sip.fabrikam.example' }),
    limits,
  )
  it('hold for each peer', () => {
    const state = new DecisionState()
    const codes = Array.from({ length: 6 }, (_, at) => run(state, inbound({ fromUser: `s${at}` }), snapshot).code)
    assert.deepEqual(codes.slice(4), ['GH-POLICY-ALLOWED', 'GH-POLICY-RATE-PEER'])
  })
  it('hold for each user, but an exchange may always end', () => {
    const state = new DecisionState()
    for (let at = 0; at < 3; at++) assert.equal(run(state, outbound(), snapshot).verdict, 'allow')
    const refused = run(state, outbound(), snapshot)
    assert.deepEqual([refused.code, refused.retryAfterS], ['GH-POLICY-RATE-USER', 2])
    assert.equal(run(state, outbound({ fromUser: 'carol' }), snapshot).verdict, 'allow')
    assert.equal(run(state, outbound({ method: 'BYE', isInDialog: true }), snapshot).verdict, 'allow')
  })
})

describe('bounded memory', () => {
  it('RecentMap keeps what is used and at most twice its capacity', () => {
    const map = new RecentMap<number>(10)
    map.set('kept', 1)
    for (let at = 0; at < 1000; at++) {
      map.set(`k${at}`, at)
      assert.equal(map.get('kept'), 1)
      assert.ok(map.size <= 20)
    }
    assert.equal(map.get('k0'), undefined)
  })
  it('buckets and watch list stay within their capacity under many peers', () => {
    const state = new DecisionState({ maxPeers: 50, maxUsers: 50, maxWatched: 50 })
    for (let at = 0; at < 1000; at++) run(state, { ...stranger, peer: peer(['fabrikam.example'], { fingerprint: `f${at}` }) })
    assert.ok(state.discoveredBuckets.size <= 100)
    assert.ok(state.watchList.list().length <= 100)
  })
  it('an addressee set counts exactly, whatever its seed', () => {
    for (const seed of [0, 1, 0xdeadbeef]) {
      const set = new AddresseeSet(seed)
      for (let round = 0; round < 2; round++) for (let at = 0; at < 1000; at++) set.add(`user${at}@contoso.example`)
      assert.equal(set.count, 1000)
      assert.ok(set.has('user7@contoso.example') && !set.has('stranger@contoso.example'))
    }
  })
  it('a clock that is set back neither drains nor overfills a bucket', () => {
    const buckets = new TokenBuckets(10)
    for (let at = 0; at < 5; at++) assert.equal(buckets.take('a', 1, 10, NOW_MS), 0)
    assert.equal(buckets.take('a', 1, 10, NOW_MS - 60_000), 0)
    assert.equal(buckets.peek('a', 1, 10, NOW_MS - 60_000), 0)
  })
})
