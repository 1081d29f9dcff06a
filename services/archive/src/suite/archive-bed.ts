import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { createEmbeddedBus } from '@gatehouse/bus'
import { AppendReplySchema, AppendRequestSchema } from '@gatehouse/proto'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import type { z } from 'zod'
import { type ArchiveService, buildArchiveService } from '../app.ts'
import { archiveConfig } from '../config.ts'

/** One empty database for a log. */
export interface ArchiveBed {
  /** What a service is configured with to use it. */
  readonly config: Pick<z.input<typeof archiveConfig>, 'databaseFile' | 'postgres' | 'signingKeyFile'>
  /** A folder for whatever else a test needs. */
  readonly folder: string
  /** Statements as somebody runs them who has all rights to the database. */
  run(sql: string): Promise<void>
  /** Makes the schema number one that no version knows. */
  spoil(): Promise<void>
}

/** What the suite needs besides. */
export interface SuiteBed extends ArchiveBed {
  /** Statements on the database that has the index. */
  runOnIndex(sql: string): Promise<void>
  /** How many slices the index has. */
  slices(): Promise<number>
}

export type MoreConfig = Omit<z.input<typeof archiveConfig>, 'databaseFile' | 'postgres' | 'signingKeyFile'>

export interface OpenArchive {
  readonly service: ArchiveService
  /** What the archive says to a batch: `7`, `7 again`, or the code of a refusal. */
  append(...records: readonly Uint8Array[]): Promise<string[]>
  stop(): Promise<void>
}

const running = new Set<OpenArchive>()

/** Stops what a test that failed has left. */
export async function stopArchives(): Promise<void> {
  for (const archive of running) await archive.stop()
}

/** A service on that database. `nowUs`: for a clock that the test moves. */
export async function openArchive(
  bed: ArchiveBed,
  more: MoreConfig = {},
  nowUs: () => number = () => Date.now() * 1000,
): Promise<OpenArchive> {
  const bus = createEmbeddedBus()
  const config = archiveConfig.parse({ commitThread: 'same', ...more, ...bed.config })
  const service = buildArchiveService(config, { bus, log: silentLogger, metrics: new MetricsRegistry(), nowUs })
  await service.start()
  const append = async (...records: readonly Uint8Array[]): Promise<string[]> => {
    const request = toBinary(AppendRequestSchema, create(AppendRequestSchema, { records: [...records] }))
    return await new Promise((resolve, reject) => {
      bus.request('gh.v1.archive.append', request, 30_000, (reply) => {
        if (!reply.ok) return reject(new Error(reply.detail))
        const { results } = fromBinary(AppendReplySchema, reply.data)
        resolve(results.map(({ sequence, duplicate, refusal }) => refusal || `${sequence}${duplicate ? ' again' : ''}`))
      })
    })
  }
  const archive = {
    service,
    append,
    stop: async (): Promise<void> => {
      running.delete(archive)
      await service.stop()
      await bus.close(100)
    },
  }
  running.add(archive)
  return archive
}

/** Collects what a handler streams. */
export async function collected<T>(parts: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const part of parts) all.push(part)
  return all
}

export const officer: { readonly caller: string; readonly signal: AbortSignal } = {
  caller: 'officer.contoso.example',
  signal: new AbortController().signal,
}
