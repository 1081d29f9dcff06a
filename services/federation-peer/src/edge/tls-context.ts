import { constants } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { createSecureContext } from 'node:tls'

/** AEAD with forward secrecy first; CBC with SHA-2 last, because Windows servers of the Lync era offer little else. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
  'DHE+AESGCM',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
].join(':')

/**
 * The TLS settings of every edge connection, accepted or dialed.
 * No tickets: on a resumed session the presented chain is gone, and with it our own validation. TLS 1.3 then falls back to session ids
 * in a server cache, which Node leaves empty unless somebody listens for `newSession`/`resumeSession`; nobody does.
 * No renegotiation: after it the peer could be somebody else.
 * No CA list: OpenSSL is not to judge anybody (a serverAuth-only peer fails there whatever its issuer), and an empty list in the
 * certificate request lets the peer send the certificate it has.
 * Throws what OpenSSL says when key and certificate do not fit.
 */
export function createEdgeContext(certificatePem: string | Buffer, keyPem: string | Buffer): SecureContext {
  return createSecureContext({
    cert: certificatePem,
    key: keyPem,
    ca: [],
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
  })
}
