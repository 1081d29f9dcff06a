import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { type BusKv, busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { GatewayError } from '@gatehouse/errors'
import { keyOf, ObjectIndex, type Place, parsePolicy, sortObjects } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { readPublicKey, SNAPSHOT_KEY, SnapshotFollower } from '@gatehouse/policy-follow'
import { ApplyRequestSchema } from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService, type PolicyService } from '../app.ts'
import type { PolicyConfig } from '../config.ts'
import type { RevisionStore } from './revision-store.ts'

/** One empty database, which any number of stores may have open. */
export interface StoreBed {
  open(): Promise<RevisionStore>
  /** What a service is configured with to use the same database. */
  readonly config: Pick<PolicyConfig, 'databaseFile' | 'postgres' | 'signingKeyFile'>
  /** Makes the schema number one that no version knows. */
  spoil(): Promise<void>
}

const context = { signal: new AbortController().signal, caller: 'local', remote: '' }

/** What every database has to do. The same tests run on each. */
export function runStoreSuite(name: string, makeBed: () => Promise<StoreBed>, options: { readonly skip: string | false }): void {
  describe(`revisions in ${name}`, options, () => {
    it('keeps every revision, each as it was', () => keepsRevisions(makeBed))
    it('knows which revision made an object what it is, and where it was written', () => knowsOrigins(makeBed))
    it('refuses a revision that was made from another than the newest, and names both', () => refusesConflicts(makeBed))
    it('takes revisions of many objects', () => takesMany(makeBed))
    it('refuses the schema of a newer version', async () => {
      const bed = await makeBed()
      await (await bed.open()).close()
      await bed.spoil()
      await assert.rejects(async () => bed.open(), isCode('GH-REVISION-STORE'))
    })
    it('opened by several at once for the first time, is made once', async () => {
      const bed = await makeBed()
      const stores = await Promise.all([bed.open(), bed.open(), bed.open()])
      assert.deepEqual(await Promise.all(stores.map(async (store) => (await store.newest()).revision)), [0, 0, 0])
      await Promise.all(stores.map((store) => store.close()))
    })
    it('several services make one sequence, publish each newest revision once and never an older one after it', () => sharesOne(makeBed))
    it('killed during an apply, has the old or the new revision', { timeout: 60_000 }, () => survivesKill(makeBed))
  })
}

export function isCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

/** Objects whose reason says which revision wrote them. */
export function blockObjects(count: number, reason: string): PolicyObject[] {
  return sortObjects(parsePolicy([{ name: 'p', text: blockText(count, reason) }], { nowMs: 0 }).objects)
}

export function blockText(count: number, reason: string): string {
  const spec = (at: number): string => `{domain: d${at}.example, owner: security, reason: "${reason}"}`
  return Array.from(
    { length: count },
    (_, at) => `apiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: {name: b${at}}\nspec: ${spec(at)}\n`,
  ).join('---\n')
}

async function keepsRevisions(makeBed: () => Promise<StoreBed>): Promise<void> {
  const bed = await makeBed()
  const store = await bed.open()
  assert.deepEqual(await store.load(), { row: { revision: 0, atMs: 0, author: '', reason: '', changes: 0 }, objects: [] })
  const states = [[], blockObjects(3, 'one'), blockObjects(2, 'one'), blockObjects(4, 'four'), []]
  const atMs = 1_800_000_000_123
  for (let at = 1; at < states.length; at++) {
    const row = await store.append({
      base: at - 1,
      atMs: atMs + at,
      author: 'Zoë',
      reason: `'; "${at}" \u{1f6aa}`,
      before: states[at - 1]!,
      after: states[at]!,
    })
    assert.equal(row.revision, at)
  }
  await store.close()
  const again = await bed.open()
  for (let at = 0; at < states.length; at++) assert.deepEqual(sortObjects((await again.objectsAt(at))!), states[at], `revision ${at}`)
  for (const absent of [5, -1, 1.5, Number.NaN]) assert.equal(await again.objectsAt(absent), undefined)
  assert.deepEqual(
    (await again.history(10)).map(({ revision, changes }) => [revision, changes]),
    [
      [4, 4],
      [3, 4],
      [2, 1],
      [1, 3],
    ],
  )
  assert.deepEqual(await again.newest(), { revision: 4, atMs: atMs + 4, author: 'Zoë', reason: `'; "4" \u{1f6aa}`, changes: 4 })
  assert.deepEqual((await again.load()).objects, [])
  await again.close()
}

async function knowsOrigins(makeBed: () => Promise<StoreBed>): Promise<void> {
  const store = await (await makeBed()).open()
  const [first, both] = [blockObjects(1, 'x'), blockObjects(2, 'x')]
  const [b0, b1] = both as [PolicyObject, PolicyObject]
  const at = (line: number) => ({ file: 'blocks/spam.yaml', line, column: 1 })
  const append = (base: number, before: PolicyObject[], after: PolicyObject[], lines: [PolicyObject, number][]): Promise<unknown> => {
    const places = new ObjectIndex<Place>()
    for (const [object, line] of lines) places.set(object, at(line))
    return store.append({
      base,
      atMs: base,
      author: 'a',
      reason: '',
      before,
      after,
      places,
    })
  }
  await append(0, [], first, [[b0, 12]])
  // applied again from another line, unchanged: it is what revision 1 made it
  await append(1, first, both, [
    [b0, 40],
    [b1, 50],
  ])
  await append(2, both, blockObjects(2, 'y'), [])
  assert.deepEqual(await store.originOf(b0, 1), { revision: 1, place: { file: 'blocks/spam.yaml', line: 12 } })
  assert.deepEqual(await store.originOf(b0, 2), { revision: 1, place: { file: 'blocks/spam.yaml', line: 12 } })
  assert.deepEqual(await store.originOf(b1, 1), undefined)
  assert.deepEqual(await store.originOf(b1, 2), { revision: 2, place: { file: 'blocks/spam.yaml', line: 50 } })
  assert.deepEqual(await store.originOf(b1, 3), { revision: 3, place: undefined })
  assert.deepEqual([(await store.row(2))?.revision, await store.row(4), await store.row(0.5)], [2, undefined, undefined])
  await store.close()
}

async function refusesConflicts(makeBed: () => Promise<StoreBed>): Promise<void> {
  const bed = await makeBed()
  const [first, second] = [await bed.open(), await bed.open()]
  const order = { base: 0, atMs: 1, author: 'a', reason: '', before: [], after: blockObjects(1, 'x') }
  await first.append(order)
  await assert.rejects(second.append({ ...order, after: blockObjects(2, 'y') }), (thrown) => {
    assert.match((thrown as Error).message, /Revision 1 is in force, not 0/)
    return isCode('GH-REVISION-CONFLICT')(thrown)
  })
  assert.equal((await second.load()).objects.length, 1)
  const racing = Array.from({ length: 8 }, (_, at) =>
    (at % 2 === 0 ? first : second).append({ ...order, base: 1, before: order.after, after: [] }),
  )
  const won = (await Promise.allSettled(racing)).filter(({ status }) => status === 'fulfilled')
  assert.equal(won.length, 1)
  await Promise.all([first.close(), second.close()])
}

async function takesMany(makeBed: () => Promise<StoreBed>): Promise<void> {
  const store = await (await makeBed()).open()
  const [some, others] = [blockObjects(4_500, 'one'), blockObjects(2_100, 'two')]
  await store.append({ base: 0, atMs: 1, author: 'a', reason: '', before: [], after: some })
  await store.append({ base: 1, atMs: 2, author: 'a', reason: '', before: some, after: others })
  assert.equal((await store.newest()).changes, 4_500)
  assert.deepEqual(sortObjects((await store.load()).objects), others)
  assert.deepEqual(sortObjects((await store.objectsAt(1))!), some)
  await store.close()
}

async function sharesOne(makeBed: () => Promise<StoreBed>): Promise<void> {
  const bed = await makeBed()
  const bus = createEmbeddedBus()
  const kv = await bus.kv(busSubjects.policyBucket.name)
  const published = recordPublished(kv)
  const config = { ...bed.config, heartbeatMs: 1000, access: [], localRole: 'admin' as const }
  const services = Array.from({ length: 3 }, () => buildPolicyService(config, { bus, log: silentLogger, every: () => () => {} }))
  await Promise.all(services.map((service) => service.start()))
  const followed: number[] = []
  const follower = new SnapshotFollower({
    bus,
    publicKeys: [readPublicKey(services[0]!.publicKeyPem())],
    service: 'test',
    replica: 'r0',
    log: silentLogger,
    nowMs: Date.now,
    maxStalenessMs: 0,
    onSnapshot: ({ revision }) => void followed.push(revision),
  })
  await follower.start()
  await Promise.all(services.flatMap((service, at) => Array.from({ length: 6 }, (_, turn) => applyOne(service, `s${at}-${turn}`))))
  const status = await Promise.all(
    services.map((service) => service.admin.history({ $typeName: 'gatehouse.v1.HistoryRequest', limit: 100 })),
  )
  for (const { revisions } of status) {
    assert.deepEqual(
      revisions.map(({ revision }) => Number(revision)),
      Array.from({ length: 18 }, (_, at) => 18 - at),
    )
    assert.equal(new Set(revisions.map(({ reason }) => reason)).size, 18)
  }
  // what was published last is still on its way to the follower, behind what it answered to the heartbeats
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(
    published,
    [...new Set(published)].sort((left, right) => left - right),
    'in order, each once',
  )
  assert.equal(published.at(-1), 18)
  assert.deepEqual(
    followed,
    [...followed].sort((left, right) => left - right),
  )
  assert.equal(follower.current(0)?.revision, 18)
  await follower.stop()
  await Promise.all(services.map((service) => service.stop()))
  await bus.close(0)
}

async function applyOne(service: PolicyService, name: string): Promise<void> {
  const text = `apiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: {name: ${name}}\nspec: {domain: ${name}.example, owner: s, reason: r}\n`
  const { applied } = await service.admin.apply(create(ApplyRequestSchema, { files: [{ name: 'p', text }], reason: name }), context)
  assert.equal(applied, true)
}

/** Revisions in the order in which they were written to the bucket. */
function recordPublished(kv: BusKv): number[] {
  const published: number[] = []
  const put = kv.put.bind(kv)
  kv.put = async (key, value, expected) => {
    const written = await put(key, value, expected)
    const revision = /"revision":(\d+)/.exec(new TextDecoder().decode(value))?.[1]
    if (key === SNAPSHOT_KEY && written !== undefined) published.push(Number(revision))
    return written
  }
  return published
}

const KILLS = 2

async function survivesKill(makeBed: () => Promise<StoreBed>): Promise<void> {
  const bed = await makeBed()
  let before = 0
  for (let round = 0; round < KILLS; round++) {
    const told = await applyUntilKilled(bed, before + 3 + round)
    const store = await bed.open()
    const { row, objects } = await store.load()
    assert.ok(row.revision >= told, `revision ${told} was acknowledged, ${row.revision} is there`)
    for (const object of objects) assert.equal(reasonOf(object), String(row.revision), keyOf(object))
    assert.equal(objects.length, row.changes)
    const older = (await store.objectsAt(row.revision - 1))!
    assert.deepEqual(new Set(older.map(reasonOf)), new Set([String(row.revision - 1)]))
    assert.deepEqual(
      (await store.history(9_999)).map(({ revision }) => revision),
      Array.from({ length: row.revision }, (_, at) => row.revision - at),
    )
    await store.close()
    before = row.revision
  }
}

function reasonOf(object: PolicyObject): string {
  return object.kind === 'BlockEntry' ? object.spec.reason : ''
}

/** Runs applies in a process of its own and kills it in the middle of one after it acknowledged `enough`. Resolves with the last acknowledged. */
async function applyUntilKilled(bed: StoreBed, enough: number): Promise<number> {
  const isSource = import.meta.url.endsWith('.ts')
  const entry = new URL(isSource ? './apply-until-killed.ts' : './apply-until-killed.js', import.meta.url)
  const flags = isSource ? ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning'] : []
  const child = spawn(process.execPath, [...flags, entry.pathname, JSON.stringify(bed.config)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told = Math.max(told, ...text.trim().split('\n').map(Number))
    // somewhere within the next apply: the process says that one is done before it begins another
    if (told >= enough) setImmediate(() => child.kill('SIGKILL'))
  })
  await new Promise((resolve) => child.once('exit', resolve))
  assert.equal(child.signalCode, 'SIGKILL')
  return told
}
