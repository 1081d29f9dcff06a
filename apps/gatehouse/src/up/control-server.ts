import type { RpcServer, RpcTls } from '@gatehouse/rpc'
import { createRpcServer } from '@gatehouse/rpc'
import type { Logger, Tracer } from '@gatehouse/telemetry'
import { readText } from '../read-text.ts'
import { ControlFiles } from './follow-control-files.ts'
import type { GatehouseConfig } from './gatehouse-config.ts'

export interface ControlServer {
  readonly rpc: RpcServer
  /** Looks whether certificates changed on disk; to be called now and then. */
  readonly followFiles: () => void
}

/** The address the command line talks to. Throws GH-RPC-ADDRESS and GH-CLI-FILE. */
export function createControlServer(
  config: GatehouseConfig['control'] & { listen: string },
  deps: { readonly log: Logger; readonly tracer: Tracer; readonly isServing: () => boolean },
): ControlServer {
  const { listen, tls: places } = config
  if (places === undefined) return { rpc: createRpcServer({ listen, ...deps }), followFiles: () => {} }
  const read = (): RpcTls => ({
    certPem: readText('.', places.certFile),
    keyPem: readText('.', places.keyFile),
    caPem: readText('.', places.caFile),
  })
  const tls = read()
  const rpc = createRpcServer({ listen, ...deps, tls })
  const files = new ControlFiles(tls, { read, server: rpc, log: deps.log })
  return { rpc, followFiles: () => files.check() }
}
