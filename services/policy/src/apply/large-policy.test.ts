import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { createEmbeddedBus } from '@gatehouse/bus'
import { GatewayError } from '@gatehouse/errors'
import { exportPolicy } from '@gatehouse/policy-document'
import { compileSnapshot } from '@gatehouse/policy-engine'
import { ApplyRequestSchema, CheckRequestSchema } from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService, type PolicyService } from '../app.ts'
import { openSqlite } from '../store/open-sqlite.ts'
import { blockObjects, blockText } from '../store/store-suite.ts'
import type { ApplyOrder } from './orders.ts'
import { PolicyBook } from './policy-book.ts'
import { SizedWorkshop } from './sized-workshop.ts'
import { ThreadWorkshop } from './thread-workshop.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-large-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const context = { signal: new AbortController().signal, caller: 'local', remote: '' }
const ORDER = {
  author: 'ann',
  reason: '',
  isDryRun: false,
  expectedRevision: 0,
  role: 'admin',
  remove: [],
  unblock: [],
  preset: '',
} as const
const OURS =
  'apiVersion: gatehouse/v1\nkind: FederationSettings\nmetadata: {name: ours}\nspec: {enabled: true}\n---\n' +
  'apiVersion: gatehouse/v1\nkind: InternalDomain\nmetadata: {name: c}\nspec: {domain: contoso.example}\n---\n'

function orderOf(text: string, more: Partial<ApplyOrder> = {}): Omit<ApplyOrder, 'nowMs'> {
  return { ...ORDER, files: [{ name: 'p', text }], prunes: true, ...more }
}

function makeBook(options: { readonly file?: string; readonly maxHeapMiB?: number } = {}) {
  const databaseFile = options.file ?? join(folder, `${++files}.db`)
  const store = openSqlite(databaseFile)
  const thread = new ThreadWorkshop({ store: { databaseFile }, maxPartBytes: 20_000 }, () => {}, options.maxHeapMiB)
  const book = new PolicyBook(new SizedWorkshop(store, thread), store, () => 1_800_000_000_000)
  const close = async (): Promise<void> => {
    await thread.close()
    await store.close()
  }
  return { book, databaseFile, close }
}

function isCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

describe('a large policy', () => {
  it('while it is applied, questions are answered', { timeout: 60_000 }, async () => {
    const { service, stop } = await startService()
    const order: string[] = []
    const request = create(ApplyRequestSchema, { files: [{ name: 'p', text: OURS + blockText(20_000, 'bulk') }] })
    const applied = service.admin.apply(request, context).then((response) => {
      order.push('applied')
      return response
    })
    const question = { fromAddress: 'eve@d7.example', toAddress: 'ann@contoso.example', method: 'MESSAGE', side: 'external' }
    const codes = new Set<string>()
    while (order.at(-1) !== 'applied') {
      const { decision } = await service.decision.check(create(CheckRequestSchema, { question }))
      codes.add(decision?.code ?? '')
      order.push(service.health().isReady ? 'answered' : 'not ready')
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal((await applied).changeCount, 20_002)
    // reading, checking, comparing, compiling, keeping: each would have been one turn of this loop
    assert.ok(order.filter((what) => what === 'answered').length > 20, `${order.length} answers`)
    assert.deepEqual([...codes].slice(0, 1), ['GH-POLICY-EMPTY'])
    await stop()
  })

  it('comes out as a small one does, change by change, and only what changed is written again', { timeout: 60_000 }, async () => {
    const { book, close } = makeBook()
    const text = OURS + blockText(3_000, 'one')
    const first = await book.apply(orderOf(text))
    assert.deepEqual([first.isApplied, first.revision, first.changeCount, first.changes.length], [true, 1, 3_002, 1_000])
    const parts = book.split()?.parts
    assert.ok(parts !== undefined && parts.size > 1)
    const more = await book.apply(orderOf(blockText(1, 'another'), { prunes: false }))
    assert.deepEqual(
      more.changes.map(({ action, object }) => `${action} ${object}`),
      ['changed BlockEntry/b0'],
    )
    const fresh = [...(book.split()?.parts.keys() ?? [])].filter((hash) => !parts.has(hash))
    assert.ok(fresh.length > 0 && fresh.length < 3, `${fresh.length} of ${parts.size} parts are new`)
    assert.equal((await book.apply(orderOf(text, { isDryRun: true }))).changeCount, 1)
    assert.equal((await book.apply(orderOf('', { files: [{ name: 'p', text: ['', ...text.split(/(?<=\n)/)] }] }))).revision, 3)
    assert.deepEqual((await book.diff({ from: 2, to: 3, files: [], prunes: false })).changeCount, 1)
    assert.equal((await book.rollback({ ...ORDER, toRevision: 2 })).revision, 4)
    const objects = await book.objectsAt(0)
    assert.deepEqual(objects, await book.objectsAt(2))
    assert.deepEqual(objects.slice(2), [...blockObjects(1, 'another'), ...blockObjects(3_000, 'one').slice(1)])
    const { blockedDomains, internal } = compileSnapshot(book.document())
    assert.deepEqual([book.snapshot().blockedDomains, book.snapshot().internal], [blockedDomains, internal])
    let exported = ''
    for await (const { text: piece } of book.exportPieces(0)) exported += piece
    assert.equal(exported, exportPolicy(objects))
    assert.equal((await book.apply(orderOf(exported))).changeCount, 0)
    await close()
  })

  it('says where a mistake stands, and changes nothing', { timeout: 60_000 }, async () => {
    const { book, close } = makeBook()
    const text = OURS + blockText(2_000, 'one').replace('d1999.example', 'no domain')
    const { isApplied, problems } = await book.apply(orderOf(text))
    assert.deepEqual([isApplied, problems.map(({ line, code }) => [line, code])], [false, [[10 + 1_999 * 5 + 4, 'GH-DOCUMENT-VALUE']]])
    assert.equal(book.inForce().revision, 0)
    await assert.rejects(book.apply(orderOf(text, { expectedRevision: 7 })), isCode('GH-REVISION-CONFLICT'))
    const proposal = await book.propose([{ name: 'p', text: OURS + blockText(2_000, 'one') }], true)
    assert.deepEqual([proposal.isValid, proposal.changeCount, proposal.objects.length], [true, 2_002, 2_002])
    await close()
  })

  it('small and large changes take turns on one database, also of two services', { timeout: 60_000 }, async () => {
    const one = makeBook()
    const two = makeBook({ file: one.databaseFile })
    await one.book.apply(orderOf(OURS))
    await two.book.apply(orderOf(OURS + blockText(2_000, 'two')))
    await one.book.apply(orderOf(OURS))
    await two.book.refresh()
    assert.equal(two.book.document().objects.length, 2)
    const large = [one, two].map(({ book }, at) => book.apply(orderOf(OURS + blockText(2_000, `racing ${at}`))))
    assert.deepEqual(
      (await Promise.all(large)).reduce((sum, { revision }) => sum + revision, 0),
      4 + 5,
    )
    await one.book.refresh()
    await two.book.refresh()
    assert.deepEqual(one.book.document(), two.book.document())
    await Promise.all([one.close(), two.close()])
  })

  it('what is too large for the thread ends it, and the next change goes on', { timeout: 60_000 }, async () => {
    const { book, close } = makeBook({ maxHeapMiB: 48 })
    await assert.rejects(book.apply(orderOf(OURS + blockText(120_000, 'bomb'))), isCode('GH-REVISION-THREAD'))
    assert.equal(book.inForce().revision, 0)
    assert.equal((await book.apply(orderOf(OURS + blockText(1_500, 'fine')))).revision, 1)
    await close()
  })
})

async function startService(): Promise<{ readonly service: PolicyService; readonly stop: () => Promise<void> }> {
  const bus = createEmbeddedBus()
  const config = { databaseFile: join(folder, `${++files}.db`), heartbeatMs: 60_000, access: [], localRole: 'admin' as const }
  const service = buildPolicyService(config, { bus, log: silentLogger })
  await service.start()
  return {
    service,
    stop: async () => {
      await service.stop()
      await bus.close(0)
    },
  }
}
