import { type Bus, connectNatsBus, createEmbeddedBus } from '@gatehouse/bus'
import type { GatehouseConfig } from './gatehouse-config.ts'

/** The bus that the configuration names. Rejects with a GH-BUS code when no server can be reached. */
export async function openBus(config: GatehouseConfig['bus'], name: string): Promise<Bus> {
  if (config.driver === 'embedded') return createEmbeddedBus()
  const { servers, tls, credentialsFile, inboxPrefix, bucketReplicas } = config
  return connectNatsBus({
    servers,
    name,
    bucketReplicas,
    ...(tls === undefined ? {} : { tls: withoutAbsent(tls) }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  })
}

function withoutAbsent(files: { caFile?: string | undefined; certFile?: string | undefined; keyFile?: string | undefined }): {
  caFile?: string
  certFile?: string
  keyFile?: string
} {
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined))
}
