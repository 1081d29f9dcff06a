import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { messageOf } from '@gatehouse/errors'
import { kubernetesError } from '../kubernetes-codes.ts'

export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** A certificate and its key, which belong together. Throws GH-KUBERNETES-FILE. */
export function readCertificatePair(certFile: string, keyFile: string): CertificatePair {
  try {
    const pair = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
    createSecureContext(pair)
    return pair
  } catch (cause) {
    throw kubernetesError('GH-KUBERNETES-FILE', `${certFile}: ${messageOf(cause)}`, { cause })
  }
}
