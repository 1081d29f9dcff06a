// One JSON line per case: average time and bytes allocated per decision with 10,000 domains and 100,000 block entries.
// node --expose-gc --conditions=@gatehouse/source packages/policy-engine/bench/decide.ts
import type { PolicyObject } from '../src/document.ts'
import { compileSnapshot, type DecisionInput, DecisionState, decide } from '../src/mod.ts'
import { allowed, blocked, inbound, internal, outbound, partner, peer, settings, srvOf, user } from '../src/testing/samples.ts'

const RUNS = 400_000
const DOMAINS = 10_000
const BLOCKS = 100_000
const USERS = 10_000

function world(): PolicyObject[] {
  const objects: PolicyObject[] = [internal('contoso.example'), settings({ discovery: true })]
  for (let at = 0; at < DOMAINS / 2; at++) objects.push(partner(`p${at}`, { domains: [`p${at}.example`], edge: `sip.p${at}.example` }))
  for (let at = 0; at < DOMAINS / 2; at++) objects.push(allowed(`a${at}.example`))
  for (let at = 0; at < BLOCKS; at++) objects.push(blocked(at % 2 === 0 ? { domain: `b${at}.example` } : { address: `u${at}@x.example` }))
  for (let at = 0; at < USERS; at++) objects.push(user(`u${at}@contoso.example`, [`friend@p${at % 5000}.example`]))
  return objects
}

/** The same case for many peers, so that no cache line or inline cache flatters it. */
function spread(make: (at: number) => DecisionInput): DecisionInput[] {
  return Array.from({ length: 1000 }, (_, at) => make(at * 5))
}

const compileStart = process.hrtime.bigint()
const objects = world()
const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects })
print('compile', { milliseconds: Number(process.hrtime.bigint() - compileStart) / 1e6, objects: objects.length })

const cases: Record<string, DecisionInput[]> = {
  'direct inbound': spread((at) => inbound({ fromDomain: `p${at}.example`, peer: peer([`sip.p${at}.example`]) })),
  'direct inbound unverified contact': spread((at) =>
    inbound({
      fromUser: 'friend',
      fromDomain: `p${at}.example`,
      toUser: `u${at}`,
      assertedMark: undefined,
      peer: peer([`sip.p${at}.example`]),
    }),
  ),
  'allowed inbound by SRV': spread((at) =>
    inbound({
      fromDomain: `a${at}.example`,
      peer: peer([`sip.a${at}.example`]),
      srv: srvOf({ [`a${at}.example`]: [`sip.a${at}.example`] }),
    }),
  ),
  'discovered inbound': spread((at) =>
    inbound({ fromDomain: `d${at}.example`, peer: peer([`d${at}.example`], { fingerprint: `f${at}` }), toUser: `u${at % 7}` }),
  ),
  outbound: spread((at) => outbound({ toDomain: `p${at}.example` })),
  blocked: spread((at) => inbound({ fromDomain: `deep.down.b${at * 2}.example` })),
}
for (const [name, inputs] of Object.entries(cases)) measure(name, inputs)

function measure(name: string, inputs: readonly DecisionInput[]): void {
  const state = new DecisionState()
  let nowMs = inputs[0]?.nowMs ?? 0
  const run = (count: number): number => {
    let allows = 0
    for (let at = 0; at < count; at++) {
      const input = inputs[at % inputs.length] as { nowMs: number } & DecisionInput
      // a message a second for each peer: no bucket is ever empty
      if (at % inputs.length === 0) nowMs += 1000
      input.nowMs = nowMs
      const decision = decide(snapshot, input, state)
      if (!('need' in decision) && decision.verdict === 'allow') allows += 1
    }
    return allows
  }
  run(50_000)
  globalThis.gc?.()
  const heapBefore = process.memoryUsage().heapUsed
  run(1000)
  const bytesPerDecision = Math.round((process.memoryUsage().heapUsed - heapBefore) / 1000)
  const start = process.hrtime.bigint()
  const allows = run(RUNS)
  const microseconds = Number(process.hrtime.bigint() - start) / RUNS / 1000
  print(name, { microseconds: Number(microseconds.toFixed(3)), bytesPerDecision, allowedShare: allows / RUNS })
}

function print(name: string, numbers: object): void {
  process.stdout.write(`${JSON.stringify({ bench: 'policy-engine/decide', case: name, ...numbers })}\n`)
}
