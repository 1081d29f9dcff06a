import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEmbeddedBus } from './embedded-bus.ts'
import { openWorkFile, type WorkFile } from './work-file.ts'
import type { PutOutcome } from './work-queue.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-work-'))
after(() => rmSync(folder, { recursive: true }))

const work = (id: string, key: string): { id: string; lane: string; key: string; data: Uint8Array } => ({
  id,
  lane: 'fabrikam',
  key,
  data: Buffer.from(id),
})

test('work survives its process; what that one had in hand comes back as interrupted, at once', () => {
  const file = join(folder, 'restart.db')
  const first = openWorkFile(file)
  assert.deepEqual(first.put('sip', [work('1', 'a'), work('2', 'a'), work('3', 'b')], 1000), [false, false, false])
  assert.equal(first.pull('sip', 'fabrikam', 1, 1001, 60_000).length, 1)
  first.close()

  const second = openWorkFile(file)
  const pulled = second.pull('sip', 'fabrikam', 10, 1002, 60_000)
  assert.deepEqual(
    pulled.map(({ id, attempts, isInterrupted, putAtMs }) => [id, attempts, isInterrupted, putAtMs]),
    [
      ['1', 2, true, 1000],
      ['3', 1, false, 1000],
    ],
  )
  assert.deepEqual(second.lanes('xmpp'), [], 'queues are apart')
  second.close()
})

test('one process at a time; a file that cannot be used is named', () => {
  const file = join(folder, 'one.db')
  const first = openWorkFile(file)
  assert.throws(() => openWorkFile(file), { code: 'GH-BUS-STORE', message: /one\.db.*locked/ })
  first.close()
  openWorkFile(file).close()
  assert.throws(() => openWorkFile(join(folder, 'none', 'work.db')), { code: 'GH-BUS-STORE' })
  const broken = join(folder, 'broken.db')
  writeFileSync(broken, Buffer.alloc(8192, 'not a database '))
  assert.throws(() => openWorkFile(broken), { code: 'GH-BUS-STORE' })
})

test('an id is forgotten some time after its work was done', () => {
  const file = openWorkFile(':memory:')
  file.put('sip', [work('1', 'a')], 0)
  const [pulled] = file.pull('sip', 'fabrikam', 1, 0, 1000)
  assert.equal(file.ack('sip', 'fabrikam', 'a', pulled!.position, 10), true)
  assert.deepEqual(file.put('sip', [work('1', 'a')], 20), [true])
  file.put('sip', [work('2', 'a')], 30)
  const [next] = file.pull('sip', 'fabrikam', 1, 3_600_000, 1000)
  file.ack('sip', 'fabrikam', 'a', next!.position, 3_600_000)
  assert.deepEqual(file.put('sip', [work('1', 'a')], 3_600_001), [false])
  file.close()
})

test('what cannot be written is refused to everyone who waited for that commit, and nothing of it is kept', async () => {
  const file = openWorkFile(':memory:')
  const full: Pick<WorkFile, 'put' | 'pull' | 'close'> = { put: () => raise(file), pull: file.pull.bind(file), close: () => file.close() }
  const bus = createEmbeddedBus({ work: full as WorkFile })
  const queue = await bus.workQueue('sip')
  const outcomes = await Promise.all(['1', '2'].map((id) => new Promise<PutOutcome>((resolve) => queue.put(work(id, 'a'), resolve))))
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.ok ? 'ok' : [outcome.code, outcome.isCertain])),
    [
      ['GH-BUS-STORE', true],
      ['GH-BUS-STORE', true],
    ],
  )
  assert.deepEqual(await queue.pull('fabrikam', 10, 1000), [])
  await bus.close(0)
})

test('a bus without a place for work says so', async () => {
  const bus = createEmbeddedBus()
  await assert.rejects(bus.workQueue('sip'), { code: 'GH-BUS-NO-WORK' })
  await bus.close(0)
})

/** As a full disk does it: the commit throws, the transaction is rolled back. */
function raise(file: ReturnType<typeof openWorkFile>): never {
  file.put('sip', [{ ...work('x', 'a'), data: undefined as unknown as Uint8Array }], 0)
  throw new Error('unreachable')
}
