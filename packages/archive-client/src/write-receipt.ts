import type { EdgeSide, EvidenceClass, Mark, PeerClass, PeerIdentity } from '@gatehouse/im-model'
import type { ReverseWriter } from './reverse-writer.ts'

/** What DNS had said when a rule asked. */
export interface SrvSeenFields {
  readonly domain: string
  readonly evidence:
    | {
        readonly status: 'found'
        readonly targets: readonly { readonly host: string; readonly port: number; readonly priority: number; readonly weight: number }[]
      }
    | { readonly status: 'none' | 'failed'; readonly detail: string }
}

/** What was known of an internal user when a rule asked. */
export interface FactsSeenFields {
  /** `user@domain` as the rule asked. */
  readonly user: string
  readonly facts: {
    readonly status: string
    readonly detail: string
    readonly rights: object
    readonly groups: readonly string[]
    /** Address → milliseconds since the epoch until which it counts; Infinity: always. */
    readonly contacts: ReadonlyMap<string, number>
    readonly safeList: ReadonlySet<string>
  }
  /** The other end of the message, in the form contacts have. */
  readonly counterpart: string
}

/** What a decision looked at; a passage through the gate is one as it stands. Proto `Receipt`. */
export interface ReceiptFields {
  readonly side: EdgeSide
  readonly peer: PeerIdentity
  readonly bound: { readonly peerClass: PeerClass; readonly partner: string } | undefined
  readonly fromDomain: string
  readonly assertedMark: Mark | undefined
  readonly assertedDomains: readonly string[]
  readonly isInDialog: boolean
  /** Absent: it came over SIP. */
  readonly bridge?: { readonly protocol: string; readonly evidence: EvidenceClass } | undefined
  /** In the order the rules asked. */
  readonly usedSrv: readonly SrvSeenFields[]
  readonly usedFacts: readonly FactsSeenFields[]
}

// Numbers of proto `Receipt.bridge_evidence`.
const EVIDENCE_NUMBERS: Readonly<Record<EvidenceClass, number>> = { V0: 1, V1: 2, V2: 3, V3: 4 }

/** Names kept of one certificate: a hoster's may carry thousands, and each message would carry them all. */
export const MAX_NAMES = 100

/**
 * Writes `Receipt`. `partner`: of the envelope, which need not be said twice. What one certificate proved is the same for every
 * message of its connection, so it is encoded once and copied from then on.
 */
export class ReceiptWriter {
  readonly #evidence = new WeakMap<PeerIdentity, Uint8Array>()
  readonly #facts = new WeakMap<FactsSeenFields['facts'], Uint8Array>()
  readonly #scratch: ReverseWriter

  /** `scratch` is empty, and left empty. */
  constructor(scratch: ReverseWriter) {
    this.#scratch = scratch
  }

  write(writer: ReverseWriter, receipt: ReceiptFields, partner: string): void {
    const { usedSrv, usedFacts, assertedDomains, bound, bridge } = receipt
    if (bridge !== undefined) {
      writer.uint(11, EVIDENCE_NUMBERS[bridge.evidence])
      writer.string(10, bridge.protocol)
    }
    for (let at = usedFacts.length - 1; at >= 0; at--) this.#writeFacts(writer, usedFacts[at]!)
    for (let at = usedSrv.length - 1; at >= 0; at--) writeSrv(writer, usedSrv[at]!)
    writer.flag(7, receipt.isInDialog)
    for (let at = assertedDomains.length - 1; at >= 0; at--) {
      const domain = assertedDomains[at]!
      if (domain !== receipt.fromDomain) writer.element(6, domain)
    }
    writer.uint(5, receipt.assertedMark === undefined ? 0 : receipt.assertedMark === 'verified' ? 1 : 2)
    if (bound !== undefined) {
      if (bound.partner !== partner) writer.string(4, bound.partner)
      writer.flag(3, true)
    }
    const isOurOwn = receipt.side === 'internal' && receipt.peer.isAuthenticated
    if (!isOurOwn) writer.bytes(2, this.#evidenceOf(receipt.peer))
    writer.flag(1, receipt.side === 'internal')
  }

  /** Of thousands of contacts only the one that this message is about. */
  #writeFacts(writer: ReverseWriter, { user, facts, counterpart }: FactsSeenFields): void {
    const start = writer.length
    writer.flag(8, facts.safeList.has(counterpart.slice(counterpart.lastIndexOf('@') + 1)))
    writer.flag(7, facts.safeList.has(counterpart))
    writer.uint(6, Math.min(facts.contacts.get(counterpart) ?? 0, Number.MAX_SAFE_INTEGER))
    let bytes = this.#facts.get(facts)
    if (bytes === undefined) {
      for (let at = facts.groups.length - 1; at >= 0; at--) this.#scratch.element(5, facts.groups[at]!)
      this.#scratch.string(4, JSON.stringify(facts.rights))
      this.#scratch.string(3, facts.detail)
      this.#scratch.string(2, facts.status)
      bytes = this.#scratch.take()
      this.#facts.set(facts, bytes)
    }
    writer.raw(bytes)
    writer.string(1, user)
    writer.message(9, start)
  }

  #evidenceOf(peer: PeerIdentity): Uint8Array {
    let bytes = this.#evidence.get(peer)
    if (bytes === undefined) {
      writeEvidence(this.#scratch, peer)
      bytes = this.#scratch.take()
      this.#evidence.set(peer, bytes)
    }
    return bytes
  }
}

function writeEvidence(writer: ReverseWriter, peer: PeerIdentity): void {
  const { dns, sipDomains, commonName } = peer.names
  if (!peer.isAuthenticated) writer.string(8, peer.refusal?.code ?? 'none')
  const keptSip = sipDomains.slice(0, MAX_NAMES)
  const keptDns = dns.slice(0, MAX_NAMES - keptSip.length)
  writer.uint(7, dns.length + sipDomains.length - keptDns.length - keptSip.length)
  writer.bytes(6, Buffer.from(peer.spkiPin, 'base64'))
  writer.flag(5, !peer.mayBeTlsClient)
  for (let at = peer.anchors.length - 1; at >= 0; at--) writer.element(4, peer.anchors[at]!)
  if (commonName !== undefined) writer.element(3, commonName)
  for (let at = keptSip.length - 1; at >= 0; at--) writer.element(2, keptSip[at]!)
  for (let at = keptDns.length - 1; at >= 0; at--) writer.element(1, keptDns[at]!)
}

function writeSrv(writer: ReverseWriter, { domain, evidence }: SrvSeenFields): void {
  const start = writer.length
  if (evidence.status === 'found') {
    for (let at = evidence.targets.length - 1; at >= 0; at--) {
      const { host, port, priority, weight } = evidence.targets[at]!
      const targetStart = writer.length
      writer.uint(4, weight)
      writer.uint(3, priority)
      writer.uint(2, port)
      writer.string(1, host)
      writer.message(2, targetStart)
    }
  } else {
    writer.string(4, evidence.detail)
    writer.string(3, evidence.status)
  }
  writer.string(1, domain)
  writer.message(8, start)
}
