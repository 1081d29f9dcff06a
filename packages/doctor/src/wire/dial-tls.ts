import { isIP, type Socket, connect as tcpConnect } from 'node:net'
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls'

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
  const tcp: Socket = tcpConnect({ host: options.address, port: options.port, noDelay: true })
  let tls: TLSSocket | undefined
  const durations = (): { connectMs: number; handshakeMs: number } => ({
    connectMs: (connectedMs ?? options.nowMs()) - startedMs,
    handshakeMs: connectedMs === undefined ? 0 : options.nowMs() - connectedMs,
  })
  const settle = (outcome: DialedTls | DialFailure): void => {
    isSettled = true
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', onAbort)
    if (!outcome.ok) {
      tls?.destroy()
      tcp.destroy()
    }
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
  const onError = (error: NodeJS.ErrnoException): void => fail(error.message, error.code ?? '')
  tcp.on('error', onError)
  tcp.once('close', () => fail('closed by the peer'))
  if (options.signal?.aborted === true) onAbort()
  options.signal?.addEventListener('abort', onAbort, { once: true })

  tcp.once('connect', () => {
    connectedMs = options.nowMs()
    clearTimeout(timer)
    timer = setTimeout(onTimeout, options.timeoutMs)
    // rejectUnauthorized is off because OpenSSL cannot judge by the gate's rules; the caller does, before anything is said.
    tls = tlsConnect({
      socket: tcp,
      // RFC 6066 §3: a server name is never an IP address.
      servername: isIP(options.serverName) === 0 ? options.serverName : '',
      secureContext: options.context,
      rejectUnauthorized: false,
    })
    const secure = tls
    secure.on('error', onError)
    secure.once('close', () => fail('closed by the peer'))
    secure.once('secureConnect', () => {
      if (isSettled) return
      settle({
        ok: true,
        socket: secure,
        chain: chainOf(secure),
        tlsVersion: secure.getProtocol() ?? '',
        cipher: secure.getCipher().standardName,
        ...durations(),
      })
    })
  })
  return promise
}

function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  for (let next = socket.getPeerX509Certificate(); next !== undefined && chain.length < MAX_CERTIFICATES; next = next.issuerCertificate)
    chain.push(next.raw)
  return chain
}
