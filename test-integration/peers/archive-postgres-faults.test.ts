import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  type ArchiveBed,
  collected,
  findingsOf,
  type OpenArchive,
  officer,
  openArchive,
  SampleRecords,
  stopArchives,
} from '@gatehouse/archive/test'
import { SearchRequestSchema } from '@gatehouse/proto'
import { skipWithoutPostgres, startPostgres } from '../peers-kit/postgres.ts'

const LEAST_MESSAGES = 20
const KILLS = 2
const BETWEEN_KILLS = 40

test('PostgreSQL is killed under two archives: what was acknowledged is there, once, in order, and the chain is whole', {
  skip: skipWithoutPostgres(),
}, async () => {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-archive-pg-faults-'))
  // the server runs as a user of its own
  chmodSync(root, 0o777)
  const server = await startPostgres(root)
  try {
    const urlFile = join(root, 'url')
    writeFileSync(urlFile, await server.makeDatabase('faults'))
    const nothing = { run: async () => {}, spoil: async () => {} }
    const bed: ArchiveBed = { config: { databaseFile: join(root, 'archive'), postgres: { urlFile } }, folder: root, ...nothing }
    const archives = [await openArchive(bed), await openArchive(bed)]
    const refusals = new Set<string>()
    let isOver = false
    const progress = new Progress()
    const senders = [0, 1, 2, 3].map((sender) => sendAll(archives, sender, refusals, () => isOver, progress))
    for (let kill = 0; kill < KILLS; kill++) {
      await progress.more(BETWEEN_KILLS)
      await server.killAndRestart()
    }
    isOver = true
    const acknowledged = await Promise.all(senders)
    for (const sequences of acknowledged) {
      assert.equal(new Set(sequences).size, sequences.length)
      assert.deepEqual(
        sequences.toSorted((a, b) => a - b),
        sequences,
        'in the order in which they were sent',
      )
    }
    assert.ok(refusals.size > 0, 'the server was away for a while')
    const [first] = archives as [OpenArchive]
    while (!first.service.health().isReady) await new Promise((resolve) => setTimeout(resolve, 20))
    const found = await collected(first.service.handlers.search(create(SearchRequestSchema, { limit: 10_000 }), officer))
    const sequences = found.map(({ record }) => Number(record?.sequence))
    assert.deepEqual(
      sequences.toSorted((a, b) => a - b),
      acknowledged.flat().toSorted((a, b) => a - b),
      'each once, and nothing else',
    )
    assert.deepEqual(await findingsOf(first), [])
  } finally {
    await stopArchives()
    await server.stop()
    rmSync(root, { recursive: true, force: true })
  }
})

/** Messages that were acknowledged, and who waits for more of them. */
class Progress {
  #count = 0
  #waiting: { readonly until: number; readonly resolve: () => void }[] = []

  step(): void {
    this.#count++
    this.#waiting = this.#waiting.filter(({ until, resolve }) => {
      if (this.#count < until) return true
      resolve()
      return false
    })
  }

  /** Resolves after `count` more. */
  more(count: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ until: this.#count + count, resolve }))
  }
}

/** One message after the other, each until it is acknowledged, at either archive in turn; their sequences. */
async function sendAll(
  archives: readonly OpenArchive[],
  sender: number,
  refusals: Set<string>,
  isOver: () => boolean,
  progress: Progress,
): Promise<number[]> {
  const samples = new SampleRecords()
  const sequences: number[] = []
  for (let tries = sender; !isOver() || sequences.length < LEAST_MESSAGES; ) {
    const { record } = samples.entry()
    for (;;) {
      const answer = (await archives[tries++ % archives.length]!.append(record))[0]!
      if (/^\d/.test(answer)) {
        sequences.push(Number.parseInt(answer, 10))
        progress.step()
        break
      }
      refusals.add(answer)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return sequences
}
