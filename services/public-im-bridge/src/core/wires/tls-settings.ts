import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'

/**
 * Every TLS connection of the bridge: forward secrecy, TLS 1.2 at least. No tickets: on a resumed session the presented chain is gone, and with
 * it our own validation. No CA list: OpenSSL is not to judge anybody, and an empty list in the certificate request lets a peer send what it has.
 */
export const TLS_SETTINGS: SecureContextOptions = {
  ca: [],
  minVersion: 'TLSv1.2',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
}
