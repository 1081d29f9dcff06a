import type { EdgeSide, EnvelopeKind, Mark, MessageContent, PeerClass, PeerIdentity } from '@gatehouse/im-model'
import type { BridgeEvidence, DecisionInput, SrvEvidence, UserFacts } from '@gatehouse/policy-engine'

/** What was decided when the message was archived. */
export interface RecordedVerdict {
  readonly verdict: string
  readonly code: string
  readonly rule: string
  readonly mark: string
  readonly revision: number
  readonly partner: string
  readonly direction: string
  /** What objects in mode observe would have refused it for. */
  readonly observed: readonly { readonly code: string; readonly source: string }[]
}

/** One archived message as the decision saw it: the input of another decision. */
export class ArchivedMessage implements DecisionInput {
  readonly id: Uint8Array
  readonly nowMs: number
  readonly kind: EnvelopeKind
  readonly method: string
  readonly fromUser: string
  readonly fromDomain: string
  readonly toUser: string
  readonly toDomain: string
  readonly recorded: RecordedVerdict
  side: EdgeSide = 'external'
  peer: PeerIdentity
  bound: { readonly peerClass: PeerClass; readonly partner: string } | undefined = undefined
  assertedMark: Mark | undefined = undefined
  readonly assertedDomains: string[] = []
  isInDialog = false
  /** Undefined: it came over SIP. */
  bridge: BridgeEvidence | undefined = undefined
  /** What DNS had said then. */
  readonly usedSrv: { readonly domain: string; readonly evidence: SrvEvidence }[] = []
  /** What was known of internal users; of their contacts only the other end. */
  readonly usedFacts = new Map<string, UserFacts>()
  /** A rule wanted to read the text, and the archive was not to keep it, or keeps it sealed. */
  isBodyMissed = false
  /** False: archived before there were receipts. */
  hasReceipt = false
  /** Names of its certificate that the receipt leaves out. */
  namesOmitted = 0
  readonly #contentType: string
  readonly #body: Uint8Array
  readonly #bodyBytes: number

  constructor(head: {
    readonly id: Uint8Array
    readonly nowMs: number
    readonly kind: EnvelopeKind
    readonly method: string
    readonly fromAddress: string
    readonly toAddress: string
    readonly recorded: RecordedVerdict
    readonly peer: PeerIdentity
    readonly contentType: string
    readonly body: Uint8Array
    readonly bodyBytes: number
  }) {
    this.id = head.id
    this.nowMs = head.nowMs
    this.kind = head.kind
    this.method = head.method
    // a domain holds no '@', a quoted user may
    const fromAt = head.fromAddress.lastIndexOf('@')
    this.fromUser = head.fromAddress.slice(0, Math.max(0, fromAt))
    this.fromDomain = head.fromAddress.slice(fromAt + 1)
    const toAt = head.toAddress.lastIndexOf('@')
    this.toUser = head.toAddress.slice(0, Math.max(0, toAt))
    this.toDomain = head.toAddress.slice(toAt + 1)
    this.recorded = head.recorded
    this.peer = head.peer
    this.#contentType = head.contentType
    this.#body = head.body
    this.#bodyBytes = head.bodyBytes
  }

  facts(user: string): UserFacts | undefined {
    return this.usedFacts.get(user)
  }

  content(): MessageContent | undefined {
    if (this.#bodyBytes === 0) return undefined
    if (this.#body.length === 0) {
      this.isBodyMissed = true
      return undefined
    }
    if (this.method !== 'INVITE') return { contentType: this.#contentType, body: this.#body, textFormat: NO_TEXT_FORMAT }
    // of an INVITE the archive keeps the first message, which came in a header (lcs-edge §12.1)
    const encoded = Buffer.from(this.#body).toString('base64')
    return { contentType: '', body: NO_BODY, textFormat: [`${this.#contentType};ms-body=${encoded}`] }
  }

  srv(domain: string): SrvEvidence | undefined {
    for (const seen of this.usedSrv) if (seen.domain === domain) return seen.evidence
    return undefined
  }
}

const NO_TEXT_FORMAT: readonly string[] = []
const NO_BODY = new Uint8Array(0)
