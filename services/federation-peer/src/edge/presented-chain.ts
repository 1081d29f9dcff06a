import type { TLSSocket } from 'node:tls'

/** No real chain is longer; more is somebody playing. The validator refuses what it does not need. */
const MAX_CERTIFICATES = 10

/**
 * The certificates that the peer presented, DER, leaf first, in the order it sent them. Empty when it presented none.
 *
 * Call it once per connection, right after the handshake. `getPeerX509Certificate` gives the list as sent, but takes it out of the TLS
 * session, so that a second call finds less. `getPeerCertificate(true)` is no substitute: it follows issuer names greedily and loses
 * intermediates that were sent out of order. On a resumed session both find the leaf only, hence no resumption on our listeners.
 */
export function takePresentedChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  let certificate = socket.getPeerX509Certificate()
  while (certificate !== undefined && chain.length < MAX_CERTIFICATES) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}
