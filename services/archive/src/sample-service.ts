import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppendOutcome, ArchiveClient } from '@gatehouse/archive-client'
import { createEmbeddedBus } from '@gatehouse/bus'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import type { z } from 'zod'
import { type ArchiveService, buildArchiveService } from './app.ts'
import { archiveConfig } from './config.ts'

/** A service in a folder of its own, for tests. */
export interface SampleService {
  readonly service: ArchiveService
  readonly folder: string
  append(record: Uint8Array): Promise<AppendOutcome>
  stop(): Promise<void>
}

export type SampleConfig = Omit<z.input<typeof archiveConfig>, 'databaseFile'>

/** `folder`: of an earlier one; it is then not removed at the stop. */
export async function startSampleService(config: SampleConfig = {}, folder?: string, nowUs?: () => number): Promise<SampleService> {
  const own = folder ?? mkdtempSync(join(tmpdir(), 'gatehouse-archive-'))
  const bus = createEmbeddedBus()
  const parsed = archiveConfig.parse({ commitThread: 'same', ...config, databaseFile: join(own, 'archive.db') })
  const clock = nowUs === undefined ? {} : { nowUs }
  const service = buildArchiveService(parsed, { bus, log: silentLogger, metrics: new MetricsRegistry(), ...clock })
  await service.start()
  const setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  }
  const client = new ArchiveClient({ bus, defer: (run) => void setImmediate(run), setTimer }, { timeoutMs: 2000 })
  return {
    service,
    folder: own,
    append: (record) => new Promise((resolve) => client.append(record, resolve)),
    stop: async () => {
      await service.stop()
      await bus.close(100)
      if (folder === undefined) rmSync(own, { recursive: true })
    },
  }
}
