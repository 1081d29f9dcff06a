import type { RpcServer } from '@gatehouse/rpc'
import { createRpcServer } from '@gatehouse/rpc'
import type { Logger } from '@gatehouse/telemetry'
import { readText } from '../read-text.ts'
import type { GatehouseConfig } from './gatehouse-config.ts'

/** The address the command line talks to. Throws GH-RPC-ADDRESS and GH-CLI-FILE. */
export function createControlServer(
  config: GatehouseConfig['control'] & { listen: string },
  log: Logger,
  isServing: () => boolean,
): RpcServer {
  const { listen, tls } = config
  const read = (file: string): string => readText('.', file)
  const files = tls === undefined ? {} : { tls: { certPem: read(tls.certFile), keyPem: read(tls.keyFile), caPem: read(tls.caFile) } }
  return createRpcServer({ listen, log, isServing, ...files })
}
