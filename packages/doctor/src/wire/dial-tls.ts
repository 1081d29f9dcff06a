import { isIP } from 'node:net'
import { connect, type SecureContext, type TLSSocket } from 'node:tls'

/** No real chain is longer; the validator refuses what it does not need. */
const MAX_CERTIFICATES = 10

export interface DialOptions {
  /** IP address or host to connect to. */
  readonly address: string
  readonly port: number
  /** Name to ask for (SNI); empty: none. */
  readonly serverName: string
  /** Our certificate and TLS settings. */
  readonly context: SecureContext
  /** For the connection, and again for the handshake. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly nowMs: () => number
}

/** A handshake that came to its end; nobody has judged the peer yet. */
export interface DialedTls {
  readonly ok: true
  readonly socket: TLSSocket
  /** What the peer presented, DER, leaf first. */
  readonly chain: readonly Uint8Array[]
  readonly tlsVersion: string
  readonly cipher: string
  readonly connectMs: number
  readonly handshakeMs: number
}

export interface DialFailure {
  readonly ok: false
  readonly stage: 'tcp' | 'tls'
  readonly isTimeout: boolean
  /** Node's or OpenSSL's code: ECONNREFUSED, ERR_SSL_WRONG_VERSION_NUMBER …; empty where there is none. */
  readonly code: string
  readonly detail: string
  readonly connectMs: number
  readonly handshakeMs: number
}

/** Opens one TLS connection and says how far it came. Whatever certificate is presented is taken: the caller judges it. Never rejects. */
export function dialTls(options: DialOptions): Promise<DialedTls | DialFailure> {
  const { promise, resolve } = Promise.withResolvers<DialedTls | DialFailure>()
  const startedMs = options.nowMs()
  let connectedMs: number | undefined
  let isSettled = false
  // rejectUnauthorized is off because OpenSSL cannot judge by the gate's rules; the caller does, before anything is said.
  const socket = connect({
    host: options.address,
    port: options.port,
    // RFC 6066 §3: a server name is never an IP address.
    servername: isIP(options.serverName) === 0 ? options.serverName : '',
    secureContext: options.context,
    rejectUnauthorized: false,
  })
  const durations = (): { connectMs: number; handshakeMs: number } => ({
    connectMs: (connectedMs ?? options.nowMs()) - startedMs,
    handshakeMs: connectedMs === undefined ? 0 : options.nowMs() - connectedMs,
  })
  const settle = (outcome: DialedTls | DialFailure): void => {
    isSettled = true
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', onAbort)
    if (!outcome.ok) socket.destroy()
    resolve(outcome)
  }
  const fail = (detail: string, code = '', isTimeout = false): void => {
    if (isSettled) return
    settle({ ok: false, stage: connectedMs === undefined ? 'tcp' : 'tls', isTimeout, code, detail, ...durations() })
  }
  const onAbort = (): void => fail('stopped')
  const onTimeout = (): void =>
    fail(`no ${connectedMs === undefined ? 'connection' : 'handshake'} within ${options.timeoutMs} ms`, '', true)
  let timer = setTimeout(onTimeout, options.timeoutMs)
  if (options.signal?.aborted === true) onAbort()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  // kept after the handshake: an error without a listener would end the process
  socket.on('error', (error: NodeJS.ErrnoException) => fail(error.message, error.code ?? ''))
  socket.once('close', () => fail('closed by the peer'))
  socket.once('connect', () => {
    connectedMs = options.nowMs()
    socket.setNoDelay(true)
    clearTimeout(timer)
    timer = setTimeout(onTimeout, options.timeoutMs)
  })
  socket.once('secureConnect', () => {
    if (isSettled) return
    const { standardName } = socket.getCipher()
    settle({ ok: true, socket, chain: chainOf(socket), tlsVersion: socket.getProtocol() ?? '', cipher: standardName, ...durations() })
  })
  return promise
}

function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  for (let next = socket.getPeerX509Certificate(); next !== undefined && chain.length < MAX_CERTIFICATES; next = next.issuerCertificate)
    chain.push(next.raw)
  return chain
}
