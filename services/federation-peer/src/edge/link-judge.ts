import type { PeerIdentity } from '@gatehouse/im-model'

import { matchDomain, matchHost, pinMatches } from '@gatehouse/peer-identity'

import type { LinkFailure, LinkTarget } from './connection.ts'
import type { EdgeCode } from './edge-codes.ts'

/** Builds a failure with a code of this package. */
export function linkFailure(code: EdgeCode, detail: string, status: LinkFailure['status'] = 504): LinkFailure {
  return { code, detail, status }
}

/**
 * Whether the peer that answered at `host` is the one `target` means: valid path, right trust store, right name, right key.
 * Undefined when it is.
 */
export function judgeLink(identity: PeerIdentity, target: LinkTarget, host: string): LinkFailure | undefined {
  const { expect } = target
  if (!identity.isAuthenticated) {
    const refusal = identity.refusal
    return linkFailure('GH-EDGE-LINK-UNTRUSTED', refusal === undefined ? host : `${host}: ${refusal.code} ${refusal.detail}`)
  }
  if (expect.trust.length > 0 && !expect.trust.some((store) => identity.anchors.includes(store))) {
    return linkFailure('GH-EDGE-LINK-TRUST-STORE', `${host}: anchored by ${identity.anchors.join(', ')}, not by ${expect.trust.join(', ')}`)
  }
  if (!carriesName(identity, target, host)) {
    return linkFailure('GH-EDGE-LINK-NAME', `${host}: certificate carries ${namesOf(identity)}`)
  }
  if (expect.pins.length > 0 && !pinMatches(identity, expect.pins)) {
    return linkFailure('GH-EDGE-LINK-PIN', `${host}: key ${identity.spkiPin}`)
  }
  return undefined
}

function carriesName(identity: PeerIdentity, target: LinkTarget, host: string): boolean {
  const { names } = target.expect
  if (names.length > 0) return names.some((name) => matchHost(identity, name) || matchDomain(identity, name) !== 'none')
  const { srvDomain } = target
  if (srvDomain === undefined) return matchHost(identity, host)
  // RFC 5922 §4: the domain itself. LCS: the host that DNS named, which is only safe where that host lies in the domain.
  return matchDomain(identity, srvDomain) !== 'none' || (target.sameDomainRule && matchHost(identity, host))
}

function namesOf(identity: PeerIdentity): string {
  const { dns, sipDomains, commonName } = identity.names
  const all = [...dns, ...sipDomains.map((domain) => `sip:${domain}`)]
  if (all.length === 0) return commonName === undefined ? 'no name' : `CN ${commonName}`
  return all.length > 8 ? `${all.slice(0, 8).join(', ')} and ${all.length - 8} more` : all.join(', ')
}
