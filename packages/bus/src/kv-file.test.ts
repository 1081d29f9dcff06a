import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEmbeddedBus } from './embedded-bus.ts'
import { openKvFile } from './kv-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bus-'))
after(() => rmSync(folder, { recursive: true }))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('a stored bucket survives the bus, with values, revisions and deletions; others do not', async () => {
  const file = join(folder, 'kv.db')
  const first = openKvFile(file)
  const bus = createEmbeddedBus({ store: first, storedBuckets: ['kept'] })
  const kept = await bus.kv('kept')
  await kept.put('a', bytes('1'))
  await kept.put('gone', bytes('2'))
  await kept.delete('gone')
  const revision = await kept.put('a', bytes('3'), 1)
  assert.equal(revision, 4)
  await (await bus.kv('other')).put('b', bytes('x'))
  await bus.close(0)
  first.close()

  const second = openKvFile(file)
  const again = createEmbeddedBus({ store: second, storedBuckets: ['kept'] })
  const loaded = await again.kv('kept')
  assert.deepEqual(await loaded.keys(), ['a'])
  assert.deepEqual((await loaded.get('a'))?.value, bytes('3'))
  assert.equal(await loaded.put('a', bytes('4'), 4), 5, 'revisions go on')
  assert.deepEqual(await (await again.kv('other')).keys(), [])
  await again.close(0)
  second.close()
})

test('a file that cannot be used is named', () => {
  assert.throws(() => openKvFile(join(folder, 'none', 'kv.db')), { code: 'GH-BUS-STORE' })
  const broken = join(folder, 'broken.db')
  writeFileSync(broken, Buffer.alloc(8192, 'not a database '))
  assert.throws(() => openKvFile(broken), { code: 'GH-BUS-STORE' })
})
