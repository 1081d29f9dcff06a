import { dirname, join } from 'node:path'
import { type Bus, busSubjects, connectNatsBus, createEmbeddedBus, type EmbeddedBusDeps, openKvFile, openWorkFile } from '@gatehouse/bus'
import { makeFolder } from '@gatehouse/config'
import type { GatehouseConfig } from './gatehouse-config.ts'

/** The bus that the configuration names. Rejects with a GH-BUS code when no server, or not the file of the outbox, can be had. */
export async function openBus(config: GatehouseConfig, name: string, hasOutbox: boolean): Promise<Bus> {
  const { bus } = config
  if (bus.driver === 'embedded') return createEmbeddedBus({ ...workOf(config, hasOutbox), ...keptBuckets(config) })
  const { servers, tls, credentialsFile, inboxPrefix, bucketReplicas, monitors } = bus
  return connectNatsBus({
    servers,
    name,
    bucketReplicas,
    monitors,
    ...(tls === undefined ? {} : { tls: withoutAbsent(tls) }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  })
}

function workOf({ outbox, stateDir }: GatehouseConfig, hasOutbox: boolean): Partial<EmbeddedBusDeps> {
  if (!hasOutbox) return {}
  const file = outbox.file ?? join(stateDir, 'outbox.db')
  makeFolder(dirname(file))
  return { work: openWorkFile(file) }
}

/** Linked accounts, and what was taken in, outlive the process; with NATS its buckets do that. */
function keptBuckets({ publicImBridge, stateDir }: GatehouseConfig): Partial<EmbeddedBusDeps> {
  if (publicImBridge === undefined) return {}
  makeFolder(stateDir)
  return { store: openKvFile(join(stateDir, 'bridge.db')), storedBuckets: [busSubjects.bridgeBucket.name, busSubjects.seenBucket.name] }
}

/** Whether messages can wait in this process. */
export function isOutboxOn({ bus, outbox }: GatehouseConfig, services: readonly string[]): boolean {
  return (outbox.enabled ?? bus.driver === 'embedded') && (services.includes('federation-peer') || services.includes('public-im-bridge'))
}

function withoutAbsent(files: { caFile?: string | undefined; certFile?: string | undefined; keyFile?: string | undefined }): {
  caFile?: string
  certFile?: string
  keyFile?: string
} {
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined))
}
