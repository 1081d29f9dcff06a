import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { connect } from 'node:tls'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { type NamedFile, readDerBlocks } from '@gatehouse/peer-identity'
import { parseTarget } from '@gatehouse/rpc'
import { cliCodes } from '../errors.ts'

const cliError = errorsOf(cliCodes)

/** How long a server may take for its handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000

export interface ClientIdentity {
  readonly certPem: string
  readonly keyPem: string
}

/** A file as bytes; throws GH-CLI-FILE. */
export function readNamedFile(cwd: string, path: string): NamedFile {
  try {
    return { name: path, bytes: readFileSync(resolve(cwd, path)) }
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
}

/** The chain in a PEM or DER file, in the order written, which has to be leaf first. */
export function chainOfFile(file: NamedFile): readonly Uint8Array[] {
  const { blocks, problems } = readDerBlocks(file, 'certificate')
  if (blocks.length === 0) throw cliError('GH-CLI-FILE', problems[0]?.detail ?? `${file.name} holds no certificate`)
  return blocks
}

/** The chain that a server at `host:port` presents, leaf first. Nothing is trusted while asking. */
export async function chainOfServer(
  hostPort: string,
  serverName: string | undefined,
  identity: ClientIdentity | undefined,
): Promise<readonly Uint8Array[]> {
  const target = parseTarget(hostPort)
  if (target.kind !== 'tcp') throw cliError('GH-CLI-USAGE', `'${hostPort}' is neither a file nor host:port.`)
  const name = serverName ?? (/^[\d.]+$|:/.test(target.host) ? undefined : target.host)
  return await new Promise((resolvePromise, reject) => {
    const fail = (detail: string): void => reject(cliError('GH-CLI-FILE', `${hostPort}: ${detail}`))
    const socket = connect({
      host: target.host,
      port: target.port,
      rejectUnauthorized: false,
      ...(name === undefined ? {} : { servername: name }),
      ...(identity === undefined ? {} : { cert: identity.certPem, key: identity.keyPem }),
    })
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy(new Error('no handshake in time')))
    socket.once('error', (error) => fail(error.message))
    socket.once('secureConnect', () => {
      const chain: Uint8Array[] = []
      for (let next = socket.getPeerX509Certificate(); next !== undefined; next = next.issuerCertificate) {
        chain.push(next.raw)
        if (next.issuerCertificate?.fingerprint256 === next.fingerprint256) break
      }
      socket.destroy()
      if (chain.length === 0) fail('presented no certificate')
      else resolvePromise(chain)
    })
  })
}
