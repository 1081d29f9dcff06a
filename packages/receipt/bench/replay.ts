import { RecordEncoder } from '@gatehouse/archive-client'
import type { PeerIdentity } from '@gatehouse/im-model'
import { type DecisionInput, DecisionState, decide } from '@gatehouse/policy-engine'
import { EntryReader, replay } from '../src/mod.ts'
import { compile } from '../src/testing/world.ts'
import { NOW_MS, type Written } from '../src/testing/world-names.ts'

// What receipts cost the gate (bytes and time per record), and how fast they are read and judged again. One JSON line per case.

const COUNT = 100_000
const PARTNERS = 200
const USERS = 5_000

const policy: Written[] = [
  { kind: 'InternalDomain', name: 'contoso', spec: { domain: 'contoso.example' } },
  { kind: 'FederationSettings', name: 'default', spec: { enabled: true, unverified: { message: 'deliver' } } },
  ...Array.from({ length: PARTNERS }, (_, at) => ({
    kind: 'Partner',
    name: `partner${at}`,
    spec: { domains: [`partner${at}.example`], edge: `sip.partner${at}.example` },
  })),
  ...Array.from({ length: 2_000 }, (_, at) => ({
    kind: 'BlockEntry',
    name: `block${at}`,
    spec: { domain: `bad${at}.example`, owner: 'security', reason: 'spam' },
  })),
]
const snapshot = compile(policy)
const peers = Array.from(
  { length: PARTNERS },
  (_, at): PeerIdentity => ({
    isAuthenticated: true,
    refusal: undefined,
    names: { dns: [`sip.partner${at}.example`, `partner${at}.example`], sipDomains: [], commonName: undefined },
    anchors: ['public'],
    mayBeTlsClient: false,
    fingerprint: at.toString(16).padStart(64, 'a'),
    spkiPin: Buffer.alloc(32, at).toString('base64'),
    issuer: 'CN=Bench CA',
    serial: String(at),
    notAfterMs: NOW_MS + 86_400_000,
  }),
)
const inputs = Array.from({ length: 10_000 }, (_, at): DecisionInput => {
  const partner = at % PARTNERS
  return {
    nowMs: NOW_MS + at,
    side: 'external',
    kind: 'message',
    method: 'MESSAGE',
    fromUser: `user${(at * 7919) % USERS}`,
    fromDomain: `partner${partner}.example`,
    toUser: `user${(at * 104_729) % USERS}`,
    toDomain: 'contoso.example',
    assertedDomains: [`partner${partner}.example`],
    peer: peers[partner]!,
    bound: { peerClass: 'direct', partner: `partner${partner}` },
    assertedMark: 'verified',
    isInDialog: false,
    srv: () => undefined,
  }
})
const state = new DecisionState()
const decisions = inputs.map((input) => {
  const decision = decide(snapshot, input, state)
  if ('need' in decision) throw new Error('no DNS is needed here')
  return decision
})
const encoder = new RecordEncoder()
const body = Buffer.from('A message of a hundred bytes or so, as people write them to each other all day long, again and again.')
const id = Buffer.alloc(16, 1)
const idempotencyKey = Buffer.alloc(32, 2)

function encode(at: number, hasReceipt: boolean): Uint8Array {
  const input = inputs[at]!
  const decision = decisions[at]!
  return encoder.entry(
    {
      id,
      idempotencyKey,
      receivedAtUs: input.nowMs * 1000,
      kind: input.kind,
      method: input.method,
      fromAddress: `${input.fromUser}@${input.fromDomain}`,
      toAddress: `${input.toUser}@${input.toDomain}`,
      conversation: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      direction: decision.direction,
      replica: 'gate-0',
      peer: { peerClass: decision.peerClass, partner: decision.partner, fingerprint: input.peer.fingerprint, remote: '192.0.2.7' },
      transaction: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6 z9hG4bK776asdhds 1 MESSAGE',
      contentType: 'text/plain; charset=utf-8',
      body,
      bodyBytes: body.length,
    },
    decision,
    hasReceipt ? { ...input, usedSrv: [], usedFacts: [] } : undefined,
  )
}

function microsecondsEach(run: (at: number) => void): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const startedMs = performance.now()
    for (let at = 0; at < COUNT; at++) run(at % inputs.length)
    best = Math.min(best, performance.now() - startedMs)
  }
  return Number(((best * 1000) / COUNT).toFixed(2))
}

function report(name: string, result: Record<string, number>): void {
  process.stdout.write(`${JSON.stringify({ case: name, ...result })}\n`)
}

const plainUs = microsecondsEach((at) => encode(at, false))
const withUs = microsecondsEach((at) => encode(at, true))
const plainBytes = encode(0, false).length
const withBytes = encode(0, true).length
report('encode', { plainUs, withReceiptUs: withUs, plainBytes, withReceiptBytes: withBytes, receiptBytes: withBytes - plainBytes })

const records = inputs.map((_, at) => encode(at, true))
const reader = new EntryReader()
const readUs = microsecondsEach((at) => {
  reader.read(records[at]!)
})
const bothUs = microsecondsEach((at) => {
  const message = reader.read(records[at]!)
  if (message === undefined || !('verdict' in replay(snapshot, message))) throw new Error('it must be possible to replay')
})
report('replay', { readUs, readAndReplayUs: bothUs, messagesPerSecond: Math.round(1_000_000 / bothUs) })
