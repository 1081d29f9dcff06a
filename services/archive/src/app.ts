import { availableParallelism } from 'node:os'
import type { Bus, BusSubscription } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import { type Health, type Logger, type MetricsRegistry, type Span, silentTracer, type Tracer } from '@gatehouse/telemetry'
import { type ArchiveCalls, guardCalls } from './access/guard-calls.ts'
import { countRefusals } from './append/count-refusals.ts'
import { loadSigningKey } from './chain/signing-key.ts'
import type { EngineState } from './commit/commit-engine.ts'
import type { ArchiveConfig } from './config.ts'
import { archiveError } from './errors.ts'
import { archiveMetrics } from './metrics.ts'
import { CheckpointDelivery } from './remote/checkpoint-delivery.ts'
import { serveAppend } from './serve/append-endpoint.ts'
import { ArchiveHandlers } from './serve/archive-handlers.ts'
import { logStoreOf } from './store/log-store.ts'
import { VerifyThreads } from './verify/verify-threads.ts'

export interface ArchiveDeps {
  readonly bus: Bus
  readonly log: Logger
  readonly metrics: MetricsRegistry
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer
  /** Microseconds since the epoch; for access records and, with commitThread `same`, for commits. */
  readonly nowUs?: () => number
}

export interface ArchiveService {
  start(): Promise<void>
  stop(): Promise<void>
  health(): Health
  /** For callers in this process; usable once started. */
  readonly handlers: ArchiveHandlers
  /** For `ArchiveService` of archive.proto: the same, each call for those whose role in `archive.access` includes it. */
  readonly calls: ArchiveCalls
  /** Public half of the key that signs checkpoints, PEM. */
  publicKeyPem(): string
}

/** More would leave nothing to whatever else the machine does. */
const MOST_VERIFY_THREADS = 8
const SWEEP_EVERY_MS = 3_600_000

/**
 * The archive: commits what services hand over, answers when it is on the disk, and lets it be searched and checked.
 * Throws GH-ARCHIVE-KEY when the signing key cannot be used. A log that cannot be opened is no error here: the service
 * starts, refuses, says so in its health, and goes on by itself when the cause is gone.
 */
export function buildArchiveService(config: ArchiveConfig, deps: ArchiveDeps): ArchiveService {
  const { bus, log } = deps
  const nowUs = deps.nowUs ?? (() => Date.now() * 1000)
  const keyFile = config.signingKeyFile ?? `${config.databaseFile}.key`
  const key = loadSigningKey(keyFile)
  const metrics = deps.metrics.register(archiveMetrics)
  const onState = (state: EngineState): void => {
    if (state.isAccepting) log.info({ sequence: state.sequence }, 'the archive accepts records')
    else log.error({ code: state.code, detail: state.detail }, 'the archive refuses records')
  }
  const store = logStoreOf(config, { key, keyFile, nowUs, onState })
  const { committer } = store
  metrics.observe('gatehouse_archive_sequence', () => [[committer.state().sequence]])
  metrics.observe('gatehouse_archive_last_commit_timestamp_seconds', () => [[committer.state().lastCommitUs / 1e6]])
  metrics.observe('gatehouse_archive_unsigned_records', () => {
    const { sequence, checkpointSequence } = committer.state()
    return [[Math.max(0, sequence - checkpointSequence)]]
  })
  metrics.observe('gatehouse_archive_checkpoint_failing', () => [[committer.state().checkpointTrouble === '' ? 0 : 1]])
  metrics.observe('gatehouse_archive_accepting', () => [[committer.state().isAccepting ? 1 : 0]])
  refuseUnlessPossible(config)
  const handlers = new ArchiveHandlers({
    openLog: store.openLog,
    openThreads: () => new VerifyThreads(store.threadSource, Math.min(MOST_VERIFY_THREADS, availableParallelism())),
    committer,
    publicKey: key.publicKey,
    nowUs,
    openKeys: store.openKeys,
    retention: config.retention,
  })
  let subscription: BusSubscription | undefined
  let sweep: NodeJS.Timeout | undefined
  const { s3 } = config.checkpoint
  const delivery = s3 === undefined ? undefined : new CheckpointDelivery(s3, () => (store.hasLog() ? store.openLog() : undefined))

  const onAnswered = (reply: Uint8Array, startedMs: number, spans: readonly Span[]): void => {
    const { accepted, refused } = countRefusals(reply)
    for (const span of spans) endCommit(span, accepted, refused)
    if (accepted > 0) metrics.add('gatehouse_archive_records_total', accepted)
    for (const [code, count] of refused) {
      metrics.add('gatehouse_archive_refused_total', count, { code })
      if (code === 'GH-ARCHIVE-ID-REUSED' || code === 'GH-ARCHIVE-MALFORMED') log.error({ code, count }, 'records refused')
    }
    metrics.record('gatehouse_archive_batch_seconds', (performance.now() - startedMs) / 1000, undefined, spans[0]?.context.traceId)
  }
  return {
    handlers,
    calls: guardCalls(handlers, config.access),
    publicKeyPem: () => key.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    health: () => healthOf(committer.state(), delivery),
    start: async () => {
      await delivery?.check()
      const state = await committer.start()
      delivery?.start()
      if (config.encryption !== undefined) sweep = startSweep(handlers, log)
      onState(state)
      subscription = await serveAppend(bus, committer, onAnswered, deps.tracer ?? silentTracer)
    },
    stop: async () => {
      clearInterval(sweep)
      await subscription?.stop()
      await handlers.close()
      await committer.stop()
      await delivery?.stop()
    },
  }
}

/** What became of the whole batch; which record a refusal was for is in the message's own span. */
function endCommit(span: Span, accepted: number, refused: ReadonlyMap<string, number>): void {
  span.set({
    'messaging.batch.message_count': accepted,
    'gatehouse.archive.refused': refused.size === 0 ? undefined : [...refused.keys()].join(' '),
  })
  if (accepted === 0 && refused.size > 0) span.fail([...refused.keys()][0] as string)
  span.end()
}

/** Retention without encryption would be a promise that nothing keeps; keys of an encrypted log must not be lost from sight. */
function refuseUnlessPossible(config: ArchiveConfig): void {
  const { days, classes, users } = config.retention
  const hasRetention = days !== undefined || users.length > 0 || Object.values(classes).some((value) => value !== undefined)
  if (config.encryption !== undefined) return
  if (hasRetention)
    throw archiveError('GH-ARCHIVE-ENCRYPTION', 'archive.retention needs archive.encryption: only what has a key can expire.')
}

/** Wraps keys anew after a rotation, lets bodies expire; now and every hour. */
function startSweep(handlers: ArchiveHandlers, log: Logger): NodeJS.Timeout {
  const run = (): void => {
    handlers.expire().then(
      ({ destroyed, held, rewrapped }) => {
        if (destroyed + held + rewrapped > 0)
          log.info({ destroyed, held, rewrapped }, 'body keys: expired and destroyed, held, wrapped anew')
      },
      (thrown: unknown) => log.error({ detail: messageOf(thrown) }, 'body keys could not be looked after'),
    )
  }
  run()
  return setInterval(run, SWEEP_EVERY_MS)
}

function healthOf(state: EngineState, delivery: CheckpointDelivery | undefined): Health {
  const detail = state.isAccepting ? `${state.sequence} records` : `${state.code} ${state.detail}`
  return {
    isLive: true,
    isReady: state.isAccepting,
    checks: [
      { name: 'accepting', isOk: state.isAccepting, detail },
      { name: 'checkpoint-file', isOk: state.checkpointTrouble === '', detail: state.checkpointTrouble },
      ...(delivery === undefined ? [] : [{ name: 'checkpoint-store', isOk: delivery.trouble === '', detail: delivery.trouble }]),
    ],
  }
}
