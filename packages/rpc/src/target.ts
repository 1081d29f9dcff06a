import { errorsOf } from '@gatehouse/errors'
import { rpcCodes } from './errors.ts'

const rpcError = errorsOf(rpcCodes)

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere; the rest is for the terminating zero and a margin. */
const MAX_SOCKET_PATH_BYTES = 100

export type RpcTarget =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** Reads `unix:/path`, `host:port` or `[v6]:port`; throws GH-RPC-ADDRESS. */
export function parseTarget(text: string): RpcTarget {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '')
    if (path === '' || Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) throw rpcError('GH-RPC-ADDRESS', `'${text}'`)
    return { kind: 'unix', path }
  }
  const match = /^(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65_535) throw rpcError('GH-RPC-ADDRESS', `'${text}'`)
  return { kind: 'tcp', host: match[1].replace(/^\[|\]$/g, ''), port }
}

/** The form grpc-js takes. */
export function grpcAddress(target: RpcTarget): string {
  if (target.kind === 'unix') return `unix:${target.path}`
  return target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`
}
