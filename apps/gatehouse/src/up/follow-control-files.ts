import { createPrivateKey, X509Certificate } from 'node:crypto'
import { messageOf } from '@gatehouse/errors'
import type { RpcServer, RpcTls } from '@gatehouse/rpc'
import type { Logger } from '@gatehouse/telemetry'

export interface FollowDeps {
  /** Reads the three files; throws when one cannot be read. */
  readonly read: () => RpcTls
  readonly server: Pick<RpcServer, 'useTls'>
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/**
 * Looks at the files of the control address whenever it is called: what changed is used for new connections. Files that do not
 * fit together (they are replaced one by one) or cannot be read change nothing; that is said once, and tried again.
 */
export class ControlFiles {
  readonly #deps: FollowDeps
  #inForce: RpcTls
  #complaint = ''

  constructor(inForce: RpcTls, deps: FollowDeps) {
    this.#inForce = inForce
    this.#deps = deps
  }

  check(): void {
    const { read, server, log } = this.#deps
    try {
      const found = read()
      const { certPem, keyPem, caPem } = this.#inForce
      if (found.certPem === certPem && found.keyPem === keyPem && found.caPem === caPem) return
      const certificate = new X509Certificate(found.certPem)
      if (!certificate.checkPrivateKey(createPrivateKey(found.keyPem))) throw new Error('the key does not belong to the certificate')
      server.useTls(found)
      this.#inForce = found
      this.#complaint = ''
      log.info({ validUntil: certificate.validTo }, 'control address uses new certificates')
    } catch (thrown) {
      const complaint = messageOf(thrown)
      if (complaint !== this.#complaint) log.warn({ problem: complaint }, 'new certificates of the control address are of no use yet')
      this.#complaint = complaint
    }
  }
}
