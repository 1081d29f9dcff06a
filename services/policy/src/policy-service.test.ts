import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { GatewayError } from '@gatehouse/errors'
import { readPublicKey, SNAPSHOT_KEY, SnapshotFollower } from '@gatehouse/policy-follow'
import {
  ApplyRequestSchema,
  type ApplyResponse,
  CheckRequestSchema,
  ExplainRequestSchema,
  type ExplainResponse,
  HistoryRequestSchema,
} from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService, type PolicyService } from './app.ts'
import type { PolicyConfig } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-policy-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const context = { signal: new AbortController().signal, caller: 'local', remote: '' }

const ACCESS = [
  { caller: 'admin.contoso.example', role: 'admin' },
  { caller: 'operator.contoso.example', role: 'operator' },
  { caller: 'security.contoso.example', role: 'block-only' },
  { caller: 'audit.contoso.example', role: 'auditor' },
] as const satisfies PolicyConfig['access']

interface World {
  readonly service: PolicyService
  readonly bus: ReturnType<typeof createEmbeddedBus>
  readonly file: string
  readonly clock: { nowMs: number }
  readonly apply: (text: string, more?: object) => Promise<ApplyResponse>
  readonly explain: (question: object) => Promise<ExplainResponse>
  readonly exported: (revision?: number) => Promise<string>
  readonly beat: () => Promise<void>
  readonly retry: () => Promise<void>
}

function makeWorld(file: string = join(folder, `${++files}.db`)): World {
  const bus = createEmbeddedBus()
  const clock = { nowMs: 1_800_000_000_000 }
  const timers = new Map<number, () => void>()
  const service = buildPolicyService(
    { databaseFile: file, heartbeatMs: 1000, access: [...ACCESS], localRole: 'admin' },
    {
      bus,
      log: silentLogger,
      nowMs: () => clock.nowMs,
      elapsedMs: () => clock.nowMs,
      every: (ms, run) => {
        timers.set(ms, run)
        return () => {}
      },
    },
  )
  return {
    service,
    bus,
    file,
    clock,
    apply: (text, more = {}) =>
      service.admin.apply(
        create(ApplyRequestSchema, { files: [{ name: 'p.yaml', text }], author: 'ann', reason: 'test', ...more }),
        context,
      ),
    explain: (question) => service.decision.explain(create(ExplainRequestSchema, { question })),
    exported: async (revision = 0) =>
      (await service.admin.export({ $typeName: 'gatehouse.v1.PolicyAdminServiceExportRequest', revision: BigInt(revision) })).text,
    beat: async () => {
      timers.get(1000)?.()
      await turns()
    },
    retry: async () => {
      timers.get(1500)?.()
      await turns()
    },
  }
}

/** Lets what is due on the embedded bus happen. */
async function turns(): Promise<void> {
  for (let at = 0; at < 10; at++) await new Promise((resolve) => setImmediate(resolve))
}

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

const OPEN = object('FederationSettings', 'default', '{enabled: true}') + object('InternalDomain', 'contoso', '{domain: contoso.example}')
const PARTNER = object('Partner', 'fabrikam', '{domains: [fabrikam.example], edge: sip.fabrikam.example}')
const BLOCK = object('BlockEntry', 'fabrikam', '{domain: fabrikam.example, owner: security, reason: incident 12}')

function rejectsWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

describe('apply', () => {
  it('makes one revision of many files, or none at all', async () => {
    const { service, apply, exported } = makeWorld()
    await service.start()
    const bad = await apply(`${OPEN}kind: Partnr\n`)
    assert.deepEqual([bad.applied, bad.revision, bad.problems[0]?.code, bad.problems[0]?.line], [false, 0n, 'GH-DOCUMENT-KIND', 11])
    assert.equal(await exported(), '')
    const good = await apply(OPEN + PARTNER)
    assert.deepEqual([good.applied, good.revision, good.changes.map((change) => change.action)], [true, 1n, ['added', 'added', 'added']])
    const same = await apply(await exported(), { prune: true })
    assert.deepEqual([same.applied, same.revision, same.changes], [false, 1n, []])
    await service.stop()
  })

  it('keeps what the files do not name, unless told to prune', async () => {
    const { service, apply } = makeWorld()
    await apply(OPEN + PARTNER)
    assert.deepEqual(
      (await apply(BLOCK)).changes.map((change) => `${change.action} ${change.object}`),
      ['added BlockEntry/fabrikam'],
    )
    const pruned = await apply(OPEN, { prune: true })
    assert.deepEqual(
      pruned.changes.map((change) => `${change.action} ${change.object}`),
      ['removed Partner/fabrikam', 'removed BlockEntry/fabrikam'],
    )
    await service.stop()
  })

  it('a dry run changes nothing and shows everything', async () => {
    const { service, apply, exported } = makeWorld()
    const dry = await apply(OPEN, { dryRun: true })
    assert.deepEqual([dry.applied, dry.changes.length, await exported()], [false, 2, ''])
    await service.stop()
  })

  it('refuses what was made for another revision', async () => {
    const { service, apply } = makeWorld()
    await apply(OPEN)
    await assert.rejects(apply(PARTNER, { expectedRevision: 7n }), rejectsWith('GH-REVISION-CONFLICT'))
    assert.equal((await apply(PARTNER, { expectedRevision: 1n })).revision, 2n)
    await assert.rejects(apply('', { files: [] }), rejectsWith('GH-REVISION-FILES'))
    await service.stop()
  })

  it('remembers who, when and why, and what it was before', async () => {
    const { service, apply, exported, clock } = makeWorld()
    await apply(OPEN + PARTNER)
    clock.nowMs += 1000
    await service.admin.apply(create(ApplyRequestSchema, { files: [{ name: 'b', text: BLOCK }], author: 'bob', reason: 'incident 12' }), {
      ...context,
      caller: 'admin.contoso.example',
    })
    await apply(OPEN, { prune: true })
    const { revisions } = await service.admin.history(create(HistoryRequestSchema))
    assert.deepEqual(
      revisions.map((row) => [row.revision, row.author, row.reason, row.changes]),
      [
        [3n, 'ann', 'test', 2],
        [2n, 'bob (admin.contoso.example)', 'incident 12', 1],
        [1n, 'ann', 'test', 3],
      ],
    )
    assert.equal(revisions[1]?.atUs, BigInt(clock.nowMs) * 1000n)
    assert.match(await exported(1), /Partner/)
    assert.doesNotMatch(await exported(1), /BlockEntry/)
    assert.match(await exported(2), /BlockEntry/)
    assert.doesNotMatch(await exported(3), /Partner/)
    await assert.rejects(exported(4), rejectsWith('GH-REVISION-UNKNOWN'))
    await apply(await exported(1), { prune: true })
    assert.equal(await exported(4), await exported(1))
    await service.stop()
  })

  it('goes on where it stopped after a restart, with the same key', async () => {
    const first = makeWorld()
    await first.apply(OPEN + PARTNER)
    const text = await first.exported()
    await first.service.stop()
    const second = makeWorld(first.file)
    await second.service.start()
    assert.equal(await second.exported(), text)
    assert.equal(second.service.publicKeyPem(), first.service.publicKeyPem())
    assert.equal((await second.apply(BLOCK)).revision, 2n)
    await second.service.stop()
    assert.equal(statSync(`${first.file}.key`).mode & 0o777, 0o600)
  })

  it('of two writers on one file the later one builds on the earlier, or is refused when it named a revision', async () => {
    const first = makeWorld()
    const second = makeWorld(first.file)
    await first.apply(OPEN)
    await assert.rejects(second.apply(PARTNER, { expectedRevision: 7n }), (thrown) => {
      assert.ok(thrown instanceof GatewayError)
      assert.match(thrown.message, /Revision 1 is in force, not 7/)
      return thrown.code === 'GH-REVISION-CONFLICT'
    })
    const racing = await Promise.all([first.apply(PARTNER), second.apply(BLOCK), first.apply(BLOCK), second.apply(PARTNER)])
    const made = racing.filter(({ applied }) => applied).map(({ revision }) => revision)
    assert.deepEqual(new Set(made), new Set([2n, 3n]))
    assert.equal(await first.exported(3), await second.exported(3))
    await Promise.all([first.service.stop(), second.service.stop()])
  })

  it('refuses a database of a newer version and a key that is none', async () => {
    const file = join(folder, 'newer.db')
    const database = new DatabaseSync(file)
    database.exec('PRAGMA user_version = 99')
    database.close()
    await assert.rejects(makeWorld(file).service.start(), rejectsWith('GH-REVISION-STORE'))
    const other = join(folder, 'badkey.db')
    writeFileSync(`${other}.key`, 'not a key')
    assert.throws(() => makeWorld(other), rejectsWith('GH-REVISION-KEY'))
  })
})

describe('snapshot on the bus', () => {
  async function follow(world: World, more: object = {}): Promise<SnapshotFollower> {
    const follower = new SnapshotFollower({
      bus: world.bus,
      publicKeys: [readPublicKey(world.service.publicKeyPem())],
      service: 'federation-peer',
      replica: 'r 0',
      log: silentLogger,
      nowMs: () => world.clock.nowMs,
      maxStalenessMs: 60_000,
      ...more,
    })
    await follower.start()
    await turns()
    return follower
  }

  it('reaches a replica at start and after each change, and the replica says so', async () => {
    const world = makeWorld()
    await world.service.start()
    const follower = await follow(world)
    assert.equal(follower.current(world.clock.nowMs)?.isEmpty, true)
    await world.apply(OPEN + PARTNER)
    await turns()
    assert.equal(follower.current(world.clock.nowMs)?.revision, 1)
    const status = await world.service.admin.status({ $typeName: 'gatehouse.v1.PolicyAdminServiceStatusRequest' })
    assert.deepEqual(
      status.replicas.map((one) => [one.service, one.replica, one.revision]),
      [['federation-peer', 'r 0', 1n]],
    )
    assert.equal(status.documentSummary, '1 FederationSettings, 1 InternalDomain, 1 Partner')
    await follower.stop()
    assert.equal((await world.service.admin.status({ $typeName: 'gatehouse.v1.PolicyAdminServiceStatusRequest' })).replicas.length, 0)
    await world.service.stop()
  })

  it('a replica answers every heartbeat; one that was killed is counted out when it could not decide any more', async () => {
    const world = makeWorld()
    await world.service.start()
    await world.apply(OPEN + PARTNER)
    const follower = await follow(world)
    const kv = await world.bus.kv(busSubjects.replicasBucket.name)
    const [own] = await kv.keys()
    const killed = JSON.stringify({ ...JSON.parse(new TextDecoder().decode((await kv.get(own ?? ''))?.value)), replica: 'killed' })
    await kv.put('federation-peer.killed', new TextEncoder().encode(killed))
    const state = async (): Promise<string[]> => {
      const { replicas } = await world.service.admin.status({ $typeName: 'gatehouse.v1.PolicyAdminServiceStatusRequest' })
      return replicas.map(({ replica, silentUs }) => (silentUs === 0n ? replica : `${replica} silent`))
    }
    assert.deepEqual(await state(), ['killed', 'r 0'])
    for (let beat = 0; beat < 60; beat++) {
      world.clock.nowMs += 1_000
      await world.beat()
      if (beat === 5) assert.deepEqual(await state(), ['killed silent', 'r 0'])
    }
    assert.deepEqual(await state(), ['killed silent', 'r 0'])
    world.clock.nowMs += 1_000
    await world.beat()
    assert.deepEqual([await state(), await kv.keys()], [['r 0'], [own]])
    await follower.stop()
    await world.service.stop()
  })

  it('tampered, foreign, older and nonsensical entries leave the one in force alone', async () => {
    const world = makeWorld()
    await world.service.start()
    const kv = await world.bus.kv(busSubjects.policyBucket.name)
    await world.apply(OPEN)
    const older = (await kv.get(SNAPSHOT_KEY))?.value ?? new Uint8Array()
    const follower = await follow(world)
    await world.apply(PARTNER)
    await turns()
    const genuine = (await kv.get(SNAPSHOT_KEY))?.value ?? new Uint8Array()
    const foreign = makeWorld()
    await foreign.service.start()
    await foreign.apply(OPEN)
    const foreignBytes = (await (await foreign.bus.kv(busSubjects.policyBucket.name)).get(SNAPSHOT_KEY))?.value ?? new Uint8Array()
    const refused = async (bytes: Uint8Array): Promise<string | undefined> => {
      await kv.put(SNAPSHOT_KEY, bytes)
      await turns()
      assert.equal(follower.current(world.clock.nowMs)?.revision, 2)
      return follower.refusal()?.code
    }
    const tampered = genuine.slice()
    tampered[40] = (tampered[40] ?? 0) ^ 1
    assert.equal(await refused(tampered), 'GH-SNAPSHOT-SIGNATURE')
    assert.equal(await refused(foreignBytes), 'GH-SNAPSHOT-FOREIGN')
    assert.equal(await refused(older), 'GH-SNAPSHOT-OLDER')
    assert.equal(await refused(new Uint8Array([255, 255, 1])), 'GH-SNAPSHOT-MALFORMED')
    await kv.delete(SNAPSHOT_KEY)
    await turns()
    assert.equal(follower.current(world.clock.nowMs)?.revision, 2)
    await world.apply(BLOCK)
    await turns()
    assert.equal(follower.current(world.clock.nowMs)?.revision, 3)
    assert.equal(follower.refusal(), undefined)
    await Promise.all([world.service.stop(), foreign.service.stop()])
  })

  it('no bit of a snapshot can be changed', async () => {
    const world = makeWorld()
    await world.service.start()
    await world.apply(OPEN)
    const bytes = (await (await world.bus.kv(busSubjects.policyBucket.name)).get(SNAPSHOT_KEY))?.value ?? new Uint8Array()
    const follower = await follow(world)
    const before = follower.current(world.clock.nowMs)
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      follower.handleEntry(SNAPSHOT_KEY, changed)
      assert.equal(follower.current(world.clock.nowMs), before, `byte ${at}`)
    }
    await world.service.stop()
  })

  it('counts as stale without a sign of life, and fresh again with one; a replayed one does not count', async () => {
    const world = makeWorld()
    await world.service.start()
    const follower = await follow(world)
    const kv = await world.bus.kv(busSubjects.policyBucket.name)
    world.clock.nowMs += 50_000
    await world.beat()
    const beat = (await kv.get('heartbeat'))?.value ?? new Uint8Array()
    world.clock.nowMs += 50_000
    assert.equal(follower.isStale(world.clock.nowMs), false)
    world.clock.nowMs += 10_001
    assert.equal(follower.current(world.clock.nowMs), undefined)
    await kv.put('heartbeat', beat)
    await turns()
    assert.equal(follower.isStale(world.clock.nowMs), true)
    await world.beat()
    assert.equal(follower.isStale(world.clock.nowMs), false)
    const patient = await follow(world, { maxStalenessMs: 0, replica: 'r1' })
    assert.ok(patient.current(world.clock.nowMs + 1e12) !== undefined)
    await world.service.stop()
  })

  it('a bus that is away delays the news, not the change', async () => {
    const world = makeWorld()
    await world.service.start()
    const follower = await follow(world)
    const kv = await world.bus.kv(busSubjects.policyBucket.name)
    const put = kv.put.bind(kv)
    kv.put = () => Promise.reject(new Error('no connection'))
    assert.equal((await world.apply(OPEN)).applied, true)
    const published = (): boolean | undefined => world.service.health().checks.find((check) => check.name === 'published')?.isOk
    assert.equal(published(), false)
    assert.equal(follower.current(world.clock.nowMs)?.revision, 0)
    await world.retry()
    assert.equal(published(), false)
    kv.put = put
    await world.retry() // long before the next heartbeat
    assert.equal(published(), true)
    assert.equal(follower.current(world.clock.nowMs)?.revision, 1)
    await world.service.stop()
  })
})

describe('explain', () => {
  it('answers with every rule, the object that spoke, and what was assumed', async () => {
    const { service, apply, explain } = makeWorld()
    await apply(OPEN + PARTNER)
    const asked = { fromAddress: 'sip:alice@fabrikam.example', toAddress: 'bob@contoso.example', assertedMark: 'verified' }
    const allowed = await explain(asked)
    assert.equal(allowed.decision?.verdict, 'allow')
    assert.equal(allowed.decision?.destination, 'inside')
    assert.ok(allowed.assumptions.some((text) => text.includes('certificate for sip.fabrikam.example, as Partner/fabrikam has it')))
    const spoofed = await explain({ ...asked, certificateNames: ['SIP.woodgrove.example'] })
    assert.deepEqual([spoofed.decision?.code, spoofed.decision?.rule], ['GH-POLICY-SOURCE-CERTIFICATE', 'source-binding'])
    assert.equal(spoofed.decision?.proof.at(-1)?.source, 'Partner/fabrikam')
    const silent = await explain({ ...asked, assertedMark: '' })
    assert.equal(silent.decision?.code, 'GH-POLICY-UNVERIFIED-MESSAGE')
    assert.ok(silent.assumptions.some((text) => text.includes('no mark')))
    const outbound = await explain({ fromAddress: 'bob@contoso.example', toAddress: 'alice@fabrikam.example' })
    assert.deepEqual([outbound.decision?.verdict, outbound.decision?.destination], ['allow', 'fabrikam'])
    await service.stop()
  })

  it('says when it assumed what DNS says, and believes what it is told', async () => {
    const { service, apply, explain } = makeWorld()
    await apply(OPEN + object('AllowedDomain', 'w', '{domain: woodgrove.example}'))
    const asked = { fromAddress: 'a@woodgrove.example', toAddress: 'bob@contoso.example', assertedMark: 'verified' }
    const assumed = await explain(asked)
    assert.equal(assumed.decision?.nameMatch, 'srv-host-in-domain')
    assert.ok(assumed.assumptions.some((text) => text.startsWith('DNS leads')))
    const told = await explain({ ...asked, srvTargets: ['sip.evil.example:5061'] })
    assert.equal(told.decision?.code, 'GH-POLICY-SRV-MISMATCH')
    assert.ok(!told.assumptions.some((text) => text.startsWith('DNS leads')))
    await service.stop()
  })

  it('refuses questions about nothing', async () => {
    const { service, explain } = makeWorld()
    await assert.rejects(explain({ fromAddress: 'nobody', toAddress: 'bob@contoso.example' }), rejectsWith('GH-REVISION-QUESTION'))
    const question = { fromAddress: 'a@x.example', toAddress: 'b@contoso.example' }
    const { decision } = await service.decision.check(create(CheckRequestSchema, { question }))
    assert.deepEqual([decision?.code, decision?.proof.length], ['GH-POLICY-EMPTY', 0])
    await service.stop()
  })
})
