import { readFileSync } from 'node:fs'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { RpcTls } from '@gatehouse/rpc'
import type { PublicImBridgeConfig } from './config.ts'
import { bridgeCodes } from './errors.ts'

const bridgeError = errorsOf(bridgeCodes)

/** What inspectors are shown of us; read once at start. Throws GH-BRIDGE-CERTIFICATE. */
export function inspectionTls({ inspection }: PublicImBridgeConfig): RpcTls | undefined {
  if (inspection === undefined) return undefined
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (cause) {
      throw bridgeError('GH-BRIDGE-CERTIFICATE', messageOf(cause), { cause })
    }
  }
  return { certPem: read(inspection.certFile), keyPem: read(inspection.keyFile), caPem: read(inspection.caFile) }
}
