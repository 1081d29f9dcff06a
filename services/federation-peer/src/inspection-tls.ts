import { readFileSync } from 'node:fs'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { RpcTls } from '@gatehouse/rpc'
import type { FederationPeerConfig } from './config.ts'
import { peerCodes } from './errors.ts'

const errors = errorsOf(peerCodes)

/** Our side of the TLS to inspectors, read once at start. Throws GH-PEER-INSPECTION-TLS. */
export function inspectionTls(config: FederationPeerConfig): RpcTls | undefined {
  const { inspection } = config
  if (inspection === undefined) return undefined
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (thrown) {
      throw errors('GH-PEER-INSPECTION-TLS', messageOf(thrown), { cause: thrown })
    }
  }
  return { certPem: read(inspection.certFile), keyPem: read(inspection.keyFile), caPem: read(inspection.caFile) }
}
