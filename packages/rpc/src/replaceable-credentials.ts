import type { SecureContextOptions } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'
import type { RpcTls } from './tls-files.ts'

/** Mutual TLS of a listener whose certificate and authority can be replaced while it serves: certificates run out sooner than processes. */
export class ReplaceableCredentials extends ServerCredentials {
  constructor(tls: RpcTls) {
    super({ requestCert: true, rejectUnauthorized: true }, contextOf(tls))
  }

  /** New connections use it; those that are open stay. */
  replace(tls: RpcTls): void {
    this.updateSecureContextOptions(contextOf(tls))
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other
  }
}

function contextOf({ certPem, keyPem, caPem }: RpcTls): SecureContextOptions {
  return { cert: certPem, key: keyPem, ca: caPem }
}
