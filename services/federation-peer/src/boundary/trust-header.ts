import type { Mark, PeerClass } from '@gatehouse/im-model'

/** `ms-source-type` of [MS-SIPRE] 2.2.15 for each of our peer classes. */
const SOURCE_TYPE: Readonly<Record<PeerClass, string>> = {
  direct: 'DirectPartner',
  allowed: 'AutoFederation',
  discovered: 'AutoFederation',
  clearinghouse: 'DirectPartner',
  provider: 'AuthorizedServer',
  bridge: 'AuthorizedServer',
  inside: 'EdgeProxyGenerated',
}

export const TRUST_HEADER = 'ms-edge-proxy-message-trust'
export const VERIFICATION_HEADER = 'ms-asserted-verification-level'

/** What the gate knows of a message from outside, as one value for the header that tells the inside. */
export interface TrustStatement {
  readonly peerClass: PeerClass
  readonly edgeName: string
  readonly mark: Mark
  /** Host name of the peer that the certificate proved. */
  readonly remoteName: string
}

/** The value of `ms-edge-proxy-message-trust`, parameters in the printed order ([MS-SIPRE] 2.2.15). */
export function renderTrust(statement: TrustStatement): string {
  const network = statement.peerClass === 'provider' || statement.peerClass === 'bridge' ? 'publiccloud' : 'federation'
  return `ms-source-type=${SOURCE_TYPE[statement.peerClass]};ms-ep-fqdn=${statement.edgeName};ms-source-verified-user=${statement.mark};ms-source-network=${network};ms-remote-fqdn=${statement.remoteName}`
}

export function renderVerification(mark: Mark): string {
  return `ms-source-verified-user=${mark}`
}

const VERIFIED = renderVerification('verified')
const UNVERIFIED = renderVerification('unverified')

/** Reads a peer's own mark; any order of parameters, unknown ones ignored; undefined when there is none or it makes no sense. */
export function parseVerification(value: string | undefined): Mark | undefined {
  if (value === undefined) return undefined
  // as every server writes it
  if (value === VERIFIED) return 'verified'
  if (value === UNVERIFIED) return 'unverified'
  for (const part of value.split(';', 16)) {
    const equals = part.indexOf('=')
    if (equals < 0 || part.slice(0, equals).trim().toLowerCase() !== 'ms-source-verified-user') continue
    const word = part
      .slice(equals + 1)
      .trim()
      .toLowerCase()
    return word === 'verified' || word === 'unverified' ? word : undefined
  }
  return undefined
}
