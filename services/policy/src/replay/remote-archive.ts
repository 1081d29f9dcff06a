import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { ArchiveService } from '@gatehouse/proto'
import { connectRpc, type RpcClient, type RpcConnection } from '@gatehouse/rpc'
import type { PolicyConfig } from '../config.ts'
import { policyError } from '../errors.ts'
import type { ArchiveSource } from './archive-source.ts'

type RemoteArchiveConfig = NonNullable<PolicyConfig['archive']>

/** A scan of years takes as long as it takes; whoever asked may end it at any time. */
const LONGEST_SCAN_MS = 86_400_000

/**
 * The archive of another process. It notes our name, and for whom we ask. People ask seldom, so each call has a connection of its own:
 * a renewed certificate counts at once.
 */
export function remoteArchive(config: RemoteArchiveConfig): ArchiveSource {
  return {
    get: (envelopeId, reason, { caller, signal }) =>
      withArchive(config, (client) => client.get({ envelopeId, reason, onBehalfOf: caller }, { signal })),
    scan: async function* ({ sinceUs, untilUs }, reason, { caller, signal }) {
      const connection = connect(config)
      try {
        const options = { signal, deadlineMs: LONGEST_SCAN_MS }
        for await (const page of connection.client(ArchiveService).scan({ sinceUs, untilUs, reason, onBehalfOf: caller }, options)) {
          yield page
          // several pages may be there at once, and taking them all is one turn of the event loop
          await setImmediate()
        }
      } catch (thrown) {
        throw told(config, thrown)
      } finally {
        connection.close()
      }
    },
  }
}

async function withArchive<T>(config: RemoteArchiveConfig, ask: (client: RpcClient<typeof ArchiveService>) => Promise<T>): Promise<T> {
  const connection = connect(config)
  try {
    return await ask(connection.client(ArchiveService))
  } catch (thrown) {
    throw told(config, thrown)
  } finally {
    connection.close()
  }
}

function connect({ target, tls, timeoutMs }: RemoteArchiveConfig): RpcConnection {
  if (tls === undefined) return connectRpc(target, { deadlineMs: timeoutMs })
  const { certFile, keyFile, caFile } = tls
  return connectRpc(target, { deadlineMs: timeoutMs, tls: { certPem: read(certFile), keyPem: read(keyFile), caPem: read(caFile) } })
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw policyError('GH-REVISION-NO-ARCHIVE', messageOf(thrown), { cause: thrown })
  }
}

/** What the archive itself refuses goes through as it is; that it cannot be reached is told as what it is for the caller. */
function told({ target }: RemoteArchiveConfig, thrown: unknown): unknown {
  const isOfTransport = thrown instanceof GatewayError && thrown.code.startsWith('GH-RPC-') && thrown.code !== 'GH-RPC-CANCELLED'
  return isOfTransport ? policyError('GH-REVISION-NO-ARCHIVE', `${target}: ${thrown.message}`, { cause: thrown }) : thrown
}
