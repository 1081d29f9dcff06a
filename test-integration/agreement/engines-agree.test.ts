import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { remoteId } from '@gatehouse/bridge-kit'
import type { ImAddress } from '@gatehouse/im-model'
import { DecisionState, findNetwork, type Snapshot, type SrvEvidence, type UserFacts } from '@gatehouse/policy-engine'
import { CheckRequestSchema } from '@gatehouse/proto'
import { decidePassage, Passage } from '@gatehouse/public-im-bridge/test'
import { EntryReader, replay } from '@gatehouse/receipt'
import { NOW_MS, policies, type Written } from '@gatehouse/receipt/test'
import fc from 'fast-check'
import { withRack } from '../peers-kit/peer-rack.ts'
import { type Case, cases, comparable } from './cases.ts'
import { Edge, type Judgement, outsideOf } from './edge.ts'
import { type PolicySite, startPolicySite } from './policy-site.ts'

/** `GATEHOUSE_AGREEMENT_CASES=100000` for the long run. */
const CASES = Number(process.env['GATEHOUSE_AGREEMENT_CASES'] ?? 3_000)
type Network = NonNullable<NonNullable<ReturnType<typeof findNetwork>>['network']>

const PER_POLICY = 100
test(
  `edge, bridge, Check over gRPC and the replayed receipt agree on ${CASES} random cases`,
  { timeout: 3_600_000 },
  withRack('agreement', async (rack) => {
    const site = await startPolicySite(rack)
    const tally = new Map<string, number>()
    const worlds = fc.sample(policies, { numRuns: Math.ceil(CASES / PER_POLICY), seed: 2026 })
    for (const [at, objects] of worlds.entries()) {
      await site.putInForce(comparable(objects))
      await compareUnder(site, objects, fc.sample(cases, { numRuns: PER_POLICY, seed: at }), tally)
    }
    const compared = [...tally.values()].reduce((sum, count) => sum + count, 0)
    process.stderr.write(`# ${compared} cases: ${JSON.stringify([...tally].sort(([, left], [, right]) => right - left))}\n`)
    assert.equal(compared, worlds.length * PER_POLICY)
    // agreement on one answer only would prove little
    for (const seen of [
      'edge ALLOWED',
      'bridge ALLOWED',
      'edge BLOCKED',
      'edge USER-DOMAIN',
      'edge RECIPIENT-WALL',
      'edge CONTENT-EXTENSION',
    ])
      assert.ok(tally.has(seen), seen)
  }),
)

async function compareUnder(
  site: PolicySite,
  objects: readonly Written[],
  all: readonly Case[],
  tally: Map<string, number>,
): Promise<void> {
  const { follower, facts, decisions } = site
  const snapshot = follower.current(NOW_MS)
  assert.ok(snapshot !== undefined)
  const edge = new Edge(follower, facts, NOW_MS)
  const reader = new EntryReader()
  for (const one of all) {
    const isBridged = one.via === 'bridge' && one.side === 'external'
    const network: Network | undefined = isBridged ? findNetwork(snapshot, outsideOf(one), NOW_MS)?.network : undefined
    const { decision } = await decisions.check(create(CheckRequestSchema, { question: questionOf(one, network !== undefined) }))
    const asked = judgementOf(decision)
    const told = (): string => `${JSON.stringify(one)} under ${JSON.stringify(objects)}`
    if (network !== undefined) {
      assert.deepEqual(await judgeBridged(site, snapshot, one, network.protocol), asked, told())
    } else {
      const record = await edge.judge(one)
      assert.deepEqual(record?.judgement, asked, told())
      const message = reader.read(record!.bytes)
      assert.ok(message !== undefined)
      const again = replay(snapshot, message)
      assert.ok('verdict' in again, `${JSON.stringify(again)} ${told()}`)
      assert.deepEqual(judgementOf(again), asked, told())
    }
    const key = `${network === undefined ? 'edge' : 'bridge'} ${asked.code.replace('GH-POLICY-', '')}`
    tally.set(key, (tally.get(key) ?? 0) + 1)
  }
}

function questionOf(one: Case, isBridged: boolean) {
  return {
    fromAddress: one.from,
    toAddress: one.to,
    method: isBridged ? 'MESSAGE' : one.method,
    side: one.side,
    certificateNames: isBridged ? [] : [...one.certificateNames],
    assertedMark: isBridged ? '' : (one.mark ?? ''),
    srvTargets: [one.srvHost],
    body: isBridged || one.method === 'MESSAGE' ? one.text : '',
    contentType: 'text/plain; charset=utf-8',
    evidence: isBridged ? one.evidence : '',
  }
}

/** The way in of the bridge: its passage, with what a connector hands over. */
async function judgeBridged({ facts }: PolicySite, snapshot: Snapshot, one: Case, protocol: string): Promise<Judgement> {
  const addressOf = (text: string): ImAddress => ({ user: text.slice(0, text.indexOf('@')), domain: text.slice(text.indexOf('@') + 1) })
  const srv = (): SrvEvidence => ({ status: 'found', targets: [{ host: one.srvHost, port: 5061, priority: 0, weight: 0 }] })
  const passage = new Passage({
    id: new Uint8Array(16),
    event: {
      side: 'external',
      from: addressOf(one.from),
      to: addressOf(one.to),
      conversation: '',
      remoteId: remoteId(''),
      content: { kind: 'message', messageId: 'm1', text: one.text },
      method: 'MESSAGE',
      evidence: { class: one.evidence, by: 'test' },
      source: { remote: '', server: '' },
    },
    protocol,
    conversation: '',
    nowMs: NOW_MS,
    known: { srv, facts: (user) => facts.facts(user) },
  })
  const lookup = {
    lookupSrv: async () => srv(),
    lookupFacts: (user: string) => new Promise<UserFacts>((resolve) => facts.lookupFacts(user, resolve)),
  }
  return judgementOf(await decidePassage(passage, snapshot, new DecisionState(), lookup))
}

function judgementOf(decision: Judgement | undefined): Judgement {
  assert.ok(decision !== undefined)
  const { verdict, code, rule, mark } = decision
  return { verdict, code, rule, mark }
}
