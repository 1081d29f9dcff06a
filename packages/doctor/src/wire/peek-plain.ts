import { connect } from 'node:net'

/** What a port says to somebody who speaks SIP without TLS. */
export type PlainAnswer =
  | { readonly kind: 'sip' | 'http' | 'other'; readonly firstLine: string }
  /** Nothing, which is what a TLS server does. */
  | { readonly kind: 'silent' }

const QUESTION =
  'OPTIONS sip:doctor.invalid SIP/2.0\r\nVia: SIP/2.0/TCP doctor.invalid;branch=z9hG4bKplain\r\nMax-Forwards: 0\r\n' +
  'From: <sip:doctor.invalid>;tag=plain\r\nTo: <sip:doctor.invalid>\r\nCall-ID: plain@doctor.invalid\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'

const SHOWN = 80

/** Asks a port, in plain, what it is, after TLS failed there. Tells nothing about us. Never rejects. */
export function peekPlain(place: { readonly address: string; readonly port: number }, timeoutMs: number): Promise<PlainAnswer> {
  const { promise, resolve } = Promise.withResolvers<PlainAnswer>()
  const socket = connect({ host: place.address, port: place.port })
  const settle = (answer: PlainAnswer): void => {
    clearTimeout(timer)
    socket.destroy()
    resolve(answer)
  }
  const timer = setTimeout(() => settle({ kind: 'silent' }), timeoutMs)
  socket.on('error', () => settle({ kind: 'silent' }))
  socket.on('close', () => settle({ kind: 'silent' }))
  socket.once('connect', () => socket.write(QUESTION))
  socket.once('data', (chunk) => settle(readPlain(chunk)))
  return promise
}

/** By the first bytes; a TLS alert or record (RFC 8446 §5.1: content types 20 to 23) is no plain answer. */
export function readPlain(bytes: Uint8Array): PlainAnswer {
  const first = bytes[0] ?? 0
  if (bytes.length === 0 || (first >= 20 && first <= 23 && bytes[1] === 3)) return { kind: 'silent' }
  const text = Buffer.from(bytes.subarray(0, 512)).toString('latin1')
  const firstLine = (text.split(/\r?\n/, 1)[0] ?? '').slice(0, SHOWN).replaceAll(/[^\x20-\x7e]/g, '?')
  if (text.startsWith('SIP/2.0 ')) return { kind: 'sip', firstLine }
  if (text.startsWith('HTTP/')) return { kind: 'http', firstLine }
  return { kind: 'other', firstLine }
}
