import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { AppendReplySchema, AppendRequestSchema, type AppendResult } from '@gatehouse/proto'
import { loadSigningKey } from '../chain/signing-key.ts'
import { SampleRecords } from '../sample-records.ts'
import type { EngineState } from './commit-engine.ts'
import { ThreadCommitter, type ThreadCommitterOptions } from './thread-committer.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-thread-'))
after(() => rmSync(folder, { recursive: true }))
const samples = new SampleRecords()

function optionsFor(name: string, maxPendingBytes = 1_000_000): ThreadCommitterOptions {
  const data = {
    file: join(folder, `${name}.db`),
    keyFile: join(folder, `${name}.key`),
    busyTimeoutMs: 10,
    maxBytes: undefined,
    checkpointEveryRecords: 1000,
    checkpointEveryMs: 60_000,
    checkpointFile: undefined,
  }
  return { data, maxPendingBytes, restartMs: 10 }
}

function request(count: number): Uint8Array {
  const records = Array.from({ length: count }, () => samples.entry().record)
  return new Uint8Array(toBinary(AppendRequestSchema, create(AppendRequestSchema, { records })))
}

function append(committer: ThreadCommitter, bytes: Uint8Array): Promise<AppendResult[]> {
  return new Promise((resolve) => committer.append(bytes, (reply) => resolve(fromBinary(AppendReplySchema, reply).results)))
}

test('a thread that ends refuses, is started anew and goes on', async () => {
  const options = optionsFor('restart')
  writeFileSync(options.data.keyFile, 'no key')
  let onAccepting: () => void = () => {}
  const accepting = new Promise<void>((resolve) => (onAccepting = resolve))
  const codes: string[] = []
  const committer = new ThreadCommitter(options, (state: EngineState) => {
    codes.push(state.code)
    if (state.isAccepting) onAccepting()
  })
  const state = await committer.start()
  assert.equal(state.code, 'GH-ARCHIVE-THREAD')
  assert.match(state.detail, /signing key/)
  assert.deepEqual(
    (await append(committer, request(2))).map((result) => result.refusal),
    ['GH-ARCHIVE-THREAD', 'GH-ARCHIVE-THREAD'],
  )
  rmSync(options.data.keyFile)
  loadSigningKey(options.data.keyFile)
  await accepting
  assert.equal((await append(committer, request(1)))[0]?.sequence, 1n)
  assert.equal(codes.at(-1), '')
  await committer.stop()
})

test('batches beyond the bound are refused, those before it are committed', async () => {
  const bytes = request(3)
  const committer = new ThreadCommitter(optionsFor('bound', bytes.length), () => {})
  await committer.start()
  const first = append(committer, bytes)
  const second = await append(committer, request(2))
  assert.deepEqual(
    second.map((result) => result.refusal),
    ['GH-ARCHIVE-BUSY', 'GH-ARCHIVE-BUSY'],
  )
  assert.deepEqual(
    (await first).map((result) => result.sequence),
    [1n, 2n, 3n],
  )
  await committer.stop()
})
