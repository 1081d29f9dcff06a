import type { DoctorCode } from '../errors.ts'
import { type Finding, findingOf, warningOf } from '../report.ts'
import type { DialFailure } from '../wire/dial-tls.ts'
import type { PlainAnswer } from '../wire/peek-plain.ts'

/** What OpenSSL says when the other side does not speak TLS at all. */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_UNEXPECTED_MESSAGE',
  'ERR_SSL_RECORD_LAYER_FAILURE',
])
const VERSION: ReadonlySet<string> = new Set([
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_VERSION_TOO_LOW',
])
const CIPHERS: ReadonlySet<string> = new Set([
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY',
  'ERR_SSL_NO_SHARED_CIPHER',
  'ERR_SSL_DH_KEY_TOO_SMALL',
])
/** Alerts by which a server refuses the certificate of a client (RFC 8446 §6.2), as OpenSSL names them. */
const OWN_CERTIFICATE = /ALERT_(?:BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)/

/** True when what ended the connection is a refusal of our certificate. */
export function refusesOurCertificate(code: string): boolean {
  return OWN_CERTIFICATE.test(code)
}

/** True when it is worth asking the port in plain what it speaks. */
export function mayBePlain(failure: DialFailure): boolean {
  return failure.stage === 'tls' && (failure.isTimeout || NOT_TLS.has(failure.code))
}

export function judgeTlsFailure(failure: DialFailure, plain: PlainAnswer | undefined): readonly Finding[] {
  const detail = failure.code === '' ? failure.detail : `${failure.code}: ${failure.detail}`
  if (plain !== undefined && plain.kind !== 'silent') return [findingOf(PLAIN_CODES[plain.kind], `it says: ${plain.firstLine}`)]
  if (failure.isTimeout) return [findingOf('GH-DOCTOR-TLS-TIMEOUT', detail)]
  if (NOT_TLS.has(failure.code)) return [findingOf('GH-DOCTOR-TLS-NOT-TLS', detail)]
  if (VERSION.has(failure.code)) return [findingOf('GH-DOCTOR-TLS-VERSION', detail)]
  if (CIPHERS.has(failure.code)) return [findingOf('GH-DOCTOR-TLS-CIPHERS', detail)]
  if (refusesOurCertificate(failure.code)) return [findingOf('GH-DOCTOR-TLS-OWN-CERTIFICATE', detail)]
  const isClosed = failure.code === '' || failure.code === 'ECONNRESET' || failure.code === 'EPIPE'
  return [findingOf(isClosed ? 'GH-DOCTOR-TLS-CLOSED' : 'GH-DOCTOR-TLS-FAILED', detail)]
}

const PLAIN_CODES: Readonly<Record<'sip' | 'http' | 'other', DoctorCode>> = {
  sip: 'GH-DOCTOR-TLS-PLAIN-SIP',
  http: 'GH-DOCTOR-TLS-HTTP',
  other: 'GH-DOCTOR-TLS-NOT-TLS',
}

export interface HandshakeEnd {
  readonly asksForCertificate: boolean
  /** What the server did in the moment after the handshake. In TLS 1.3 it judges our certificate only then. */
  readonly after: 'accepted' | 'quiet' | 'closed'
  /** OpenSSL's code where it ended with an alert. */
  readonly code: string
}

export function judgeHandshake(end: HandshakeEnd): readonly Finding[] {
  if (end.after === 'closed') {
    const isAlert = refusesOurCertificate(end.code)
    return [findingOf(isAlert ? 'GH-DOCTOR-TLS-OWN-CERTIFICATE' : 'GH-DOCTOR-TLS-CLOSED-AFTER', end.code)]
  }
  return end.asksForCertificate ? [] : [warningOf('GH-DOCTOR-TLS-NOT-MUTUAL')]
}
