import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Bus, connectNatsBus, createEmbeddedBus, openWorkFile } from '@gatehouse/bus'
import type { GatehouseConfig } from './gatehouse-config.ts'

/** The bus that the configuration names. Rejects with a GH-BUS code when no server, or not the file of the outbox, can be had. */
export async function openBus({ bus, outbox, stateDir }: GatehouseConfig, name: string, hasOutbox: boolean): Promise<Bus> {
  if (bus.driver === 'embedded') {
    if (!hasOutbox) return createEmbeddedBus()
    const file = outbox.file ?? join(stateDir, 'outbox.db')
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    return createEmbeddedBus({ work: openWorkFile(file) })
  }
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

/** Whether messages can wait in this process. */
export function isOutboxOn({ bus, outbox }: GatehouseConfig, services: readonly string[]): boolean {
  return (outbox.enabled ?? bus.driver === 'embedded') && services.includes('federation-peer')
}

function withoutAbsent(files: { caFile?: string | undefined; certFile?: string | undefined; keyFile?: string | undefined }): {
  caFile?: string
  certFile?: string
  keyFile?: string
} {
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined))
}
