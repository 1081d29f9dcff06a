import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { errorsOf } from '@gatehouse/errors'
import type { RpcConnection, RpcTls } from '@gatehouse/rpc'
import { connectRpc } from '@gatehouse/rpc'
import type { Call } from './cli/command.ts'
import { cliCodes } from './errors.ts'
import { readText } from './read-text.ts'

const cliError = errorsOf(cliCodes)

/** Where `up` and `demo` put their control socket unless told otherwise, below the working folder. */
export const CONTROL_SOCKET: string = join('.gatehouse', 'control.sock')

/** Opens the connection that --connect, GATEHOUSE_CONNECT or the nearest `.gatehouse/control.sock` names, and closes it after `use`. */
export async function withGateway<T>(call: Call, use: (connection: RpcConnection) => Promise<T>): Promise<T> {
  const timeoutText = call.text('timeout')
  const timeoutS = timeoutText === undefined ? 10 : Number(timeoutText)
  if (!Number.isFinite(timeoutS) || timeoutS <= 0) throw cliError('GH-CLI-USAGE', `--timeout ${timeoutText} is not a number of seconds.`)
  const tls = tlsOf(call)
  const connection = connectRpc(addressOf(call), { deadlineMs: timeoutS * 1_000, ...(tls === undefined ? {} : { tls }) })
  try {
    return await use(connection)
  } finally {
    connection.close()
  }
}

function addressOf(call: Call): string {
  const named = call.text('connect') ?? call.io.env['GATEHOUSE_CONNECT']
  if (named !== undefined && named !== '') return named
  for (let folder = call.io.cwd; ; folder = dirname(folder)) {
    const socket = join(folder, CONTROL_SOCKET)
    if (existsSync(socket)) return `unix:${shorter(socket, call.io.cwd)}`
    if (dirname(folder) === folder) throw cliError('GH-CLI-NO-GATEWAY')
  }
}

/** A socket's path may hold about a hundred bytes: the relative form helps in deep folders. */
function shorter(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short.length < path.length ? short : path
}

function tlsOf(call: Call): RpcTls | undefined {
  const [cert, key, ca] = [call.text('tls-cert'), call.text('tls-key'), call.text('tls-ca')]
  if (cert === undefined && key === undefined && ca === undefined) return undefined
  if (cert === undefined || key === undefined || ca === undefined)
    throw cliError('GH-CLI-USAGE', '--tls-cert, --tls-key and --tls-ca go together.')
  return { certPem: readText(call.io.cwd, cert), keyPem: readText(call.io.cwd, key), caPem: readText(call.io.cwd, ca) }
}
