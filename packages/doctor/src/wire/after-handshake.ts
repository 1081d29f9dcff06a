import type { TLSSocket } from 'node:tls'
import type { HandshakeEnd } from '../judge/judge-tls.ts'

/**
 * Waits for what a server does right after the handshake: in TLS 1.3 it sees our certificate only now, and answers with a session
 * ticket or by ending the connection. Some do neither; then `quietMs` have to be enough.
 */
export function afterHandshake(socket: TLSSocket, quietMs: number): Promise<HandshakeEnd> {
  // A server that asks for a certificate says which signatures it can check; OpenSSL keeps them for clients and servers alike.
  const asksForCertificate = socket.getSharedSigalgs().length > 0
  if (socket.destroyed) return Promise.resolve({ asksForCertificate, after: 'closed', code: '' })
  const { promise, resolve } = Promise.withResolvers<HandshakeEnd>()
  let code = ''
  const settle = (after: HandshakeEnd['after']): void => {
    clearTimeout(timer)
    socket.off('session', onSession)
    socket.off('error', onError)
    socket.off('close', onClose)
    // 'session' is told from within OpenSSL's reading: a write from there spoils the connection (bad record MAC).
    setImmediate(() => resolve({ asksForCertificate, after, code }))
  }
  const onSession = (): void => settle('accepted')
  const onError = (error: NodeJS.ErrnoException): void => {
    code = error.code ?? ''
    settle('closed')
  }
  const onClose = (): void => settle('closed')
  const timer = setTimeout(() => settle('quiet'), quietMs)
  // TLS 1.2 has seen our certificate before the handshake ended; its session says nothing new.
  if (socket.getProtocol() === 'TLSv1.2') settle('quiet')
  else socket.once('session', onSession)
  socket.once('error', onError)
  socket.once('close', onClose)
  // Without anybody who reads, neither ticket nor end would be noticed.
  socket.resume()
  return promise.finally(() => socket.pause())
}
