import { readFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import type { RpcTls } from '@gatehouse/rpc'
import type { InspectionConfig } from './config.ts'

/** Our side of the TLS to inspectors, to be read once at start. What `unreadable` makes of a file that cannot be read is thrown. */
export function inspectionTls(
  files: InspectionConfig,
  unreadable: (detail: string, options: { cause: unknown }) => Error,
): RpcTls | undefined {
  if (files === undefined) return undefined
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (cause) {
      throw unreadable(messageOf(cause), { cause })
    }
  }
  return { certPem: read(files.certFile), keyPem: read(files.keyFile), caPem: read(files.caFile) }
}
