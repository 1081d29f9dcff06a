import type { EdgeSide, PeerIdentity } from '@gatehouse/im-model'
import type { BridgeEvidence, SrvEvidence, UserFacts } from '@gatehouse/policy-engine'
import type { JudgedInput } from '@gatehouse/policy-follow'

/** The gate's own people: what a message of theirs is judged by is its sender, not the home server's certificate. */
const HOME_SERVER: PeerIdentity = {
  isAuthenticated: true,
  refusal: undefined,
  names: { dns: [], sipDomains: [], commonName: undefined },
  anchors: [],
  mayBeTlsClient: true,
  fingerprint: '',
  spkiPin: '',
  issuer: '',
  serial: '',
  notAfterMs: Number.MAX_SAFE_INTEGER,
}

export interface JudgedMessage {
  /** `user@domain`. */
  readonly from: string
  readonly to: string
  readonly side: EdgeSide
  /** Who brings it; undefined: our own home server. */
  readonly peer?: PeerIdentity | undefined
  readonly bridge?: BridgeEvidence | undefined
  readonly nowMs: number
}

/** A MESSAGE that no connection brought, for asking what the policy says of it. */
export function judgedMessage({ from, to, side, peer = HOME_SERVER, bridge, nowMs }: JudgedMessage): JudgedInput {
  const evidence = new Map<string, SrvEvidence>()
  const facts = new Map<string, UserFacts>()
  return {
    nowMs,
    side,
    peer,
    bridge,
    kind: 'message',
    method: 'MESSAGE',
    fromUser: userOf(from),
    fromDomain: domainOf(from),
    toUser: userOf(to),
    toDomain: domainOf(to),
    assertedDomains: [],
    bound: undefined,
    assertedMark: undefined,
    isInDialog: false,
    srv: (domain) => evidence.get(domain),
    facts: (user) => facts.get(user),
    keepEvidence: (domain, found) => void evidence.set(domain, found),
    keepFacts: (user, found) => void facts.set(user, found),
  }
}

function userOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf('@')))
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
