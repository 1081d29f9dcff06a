// Entry of the thread that writes the index; started by slice-sink.ts and by nothing else.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { codeOfPostgres } from '../store/postgres/postgres-code.ts'
import { openSession, type SessionRules } from '../store/postgres/postgres-session.ts'
import { writeSlice } from '../store/postgres/postgres-slices.ts'
import { codeOfThrown } from '../store/sqlite-code.ts'
import type { FilledSlice } from './slice.ts'
import type { SliceFailure } from './slice-sink.ts'
import { SliceWriter } from './sqlite-slices.ts'

interface FileIndex {
  readonly file: string
  readonly logId: Uint8Array
  readonly busyTimeoutMs: number
}

/** Where the index is. */
export type IndexThreadData = FileIndex | SessionRules

/** For each slice, in order. */
export interface FromIndexThread {
  readonly failure: SliceFailure | undefined
}

function run(port: MessagePort, data: IndexThreadData): void {
  const write = 'file' in data ? sqliteWriter(data) : postgresWriter(data)
  let turn: Promise<void> = Promise.resolve()
  port.on('message', (slice: FilledSlice) => {
    turn = turn.then(async () => port.postMessage({ failure: await write(slice) } satisfies FromIndexThread))
  })
}

type Write = (slice: FilledSlice) => Promise<SliceFailure | undefined>

function sqliteWriter(data: FileIndex): Write {
  const writer = new SliceWriter(data.file, data.logId, data.busyTimeoutMs)
  return async (slice) => {
    try {
      writer.write(slice)
      return undefined
    } catch (thrown) {
      return codeOfThrown(thrown)
    }
  }
}

/** A connection for each slice: hours may lie between two. */
function postgresWriter(data: SessionRules): Write {
  return async (slice) => {
    try {
      const client = await openSession(data, () => {})
      try {
        await writeSlice(client, slice)
      } finally {
        await client.end()
      }
      return undefined
    } catch (thrown) {
      return codeOfPostgres(thrown)
    }
  }
}

if (parentPort !== null) run(parentPort, workerData as IndexThreadData)
