import { type EnvelopeKind, type EvidenceClass, NOBODY, type PeerClass } from '@gatehouse/im-model'
import type { SrvEvidence, SrvTarget } from '@gatehouse/policy-engine'
import { ArchivedMessage } from './archived-message.ts'
import { PeerEvidenceReader } from './peer-evidence.ts'
import { readFacts } from './read-facts.ts'
import { WireReader } from './wire-reader.ts'

// By number of proto `EnvelopeKind`.
const KINDS: readonly EnvelopeKind[] = ['other', 'message', 'typing', 'receipt', 'presence', 'session', 'other']
// By number of proto `Receipt.bridge_evidence`.
const EVIDENCE: readonly EvidenceClass[] = ['V0', 'V0', 'V1', 'V2', 'V3']

interface Head {
  id: Uint8Array
  nowMs: number
  kind: EnvelopeKind
  method: string
  from: string
  to: string
  direction: string
  peerClass: string
  partner: string
  fingerprint: string
  verdict: string
  code: string
  rule: string
  mark: string
  revision: number
  observed: readonly ObservedStep[]
  contentType: string
  body: Uint8Array
  bodyBytes: number
}

interface ObservedStep {
  readonly code: string
  readonly source: string
}

const NOTHING_OBSERVED: readonly ObservedStep[] = []

/**
 * Reads archive records back into what `decide` takes. Proofs are passed over, bodies not copied, words that repeat are kept, and one
 * certificate is one object: a record costs a few microseconds. One reader serves one thread.
 */
export class EntryReader {
  readonly #reader = new WireReader()
  readonly #evidenceReader = new WireReader()
  readonly #peers = new PeerEvidenceReader()
  /** Values of the record before: most repeat. */
  readonly #head: Head = {
    id: new Uint8Array(0),
    nowMs: 0,
    kind: 'other',
    method: '',
    from: '',
    to: '',
    direction: '',
    peerClass: '',
    partner: '',
    fingerprint: '',
    verdict: '',
    code: '',
    rule: '',
    mark: '',
    revision: 0,
    observed: NOTHING_OBSERVED,
    contentType: '',
    body: new Uint8Array(0),
    bodyBytes: 0,
  }

  /** `record`: an encoded `ArchiveRecord`. Undefined: it is no entry, or not whole. */
  read(record: Uint8Array): ArchivedMessage | undefined {
    const reader = this.#reader
    reader.open(record)
    let receipt: Uint8Array | undefined
    let isEntry = false
    while (reader.next()) {
      if (reader.field !== 1) {
        reader.skip()
        continue
      }
      isEntry = true
      const outer = reader.enter()
      while (reader.next()) {
        if (reader.field === 1) this.#readEnvelope(reader)
        else if (reader.field === 2) this.#readDecision(reader)
        else if (reader.field === 3) receipt = reader.bytes()
        else reader.skip()
      }
      reader.leave(outer)
    }
    if (!isEntry || reader.isBroken) return undefined
    const message = this.#message()
    if (receipt !== undefined) this.#readReceipt(reader, receipt, message)
    return reader.isBroken ? undefined : message
  }

  #message(): ArchivedMessage {
    const { id, nowMs, kind, method, from, to, verdict, code, rule, mark, revision, partner, direction, observed } = this.#head
    const { contentType, body, bodyBytes } = this.#head
    const recorded = { verdict, code, rule, mark, revision, partner, direction, observed }
    return new ArchivedMessage({
      id,
      nowMs,
      kind,
      method,
      fromAddress: from,
      toAddress: to,
      recorded,
      peer: NOBODY,
      contentType,
      body,
      bodyBytes,
    })
  }

  #readEnvelope(reader: WireReader): void {
    const head = this.#head
    const { method, from, to, direction, contentType } = head
    head.id = head.body = EMPTY
    head.bodyBytes = 0
    head.contentType = ''
    head.nowMs = 0
    head.kind = 'other'
    head.method = head.from = head.to = head.direction = head.peerClass = head.partner = head.fingerprint = ''
    const outer = reader.enter()
    while (reader.next()) {
      if (reader.field === 1) head.id = reader.bytes()
      else if (reader.field === 3) head.nowMs = reader.uint() / 1000
      else if (reader.field === 4) head.kind = KINDS[reader.uint()] ?? 'other'
      else if (reader.field === 5) head.method = reader.textLike(method)
      else if (reader.field === 6) head.from = reader.textLike(from)
      else if (reader.field === 7) head.to = reader.textLike(to)
      else if (reader.field === 9) head.direction = reader.textLike(direction)
      else if (reader.field === 11) this.#readPeerRef(reader)
      else if (reader.field === 13) head.contentType = reader.textLike(contentType)
      else if (reader.field === 14) head.body = reader.bytes()
      else if (reader.field === 15) head.bodyBytes = reader.uint()
      else reader.skip()
    }
    reader.leave(outer)
  }

  #readPeerRef(reader: WireReader): void {
    const head = this.#head
    const likely = this.#likelyPeer
    const outer = reader.enter()
    while (reader.next()) {
      if (reader.field === 1) head.peerClass = likely.peerClass = reader.textLike(likely.peerClass)
      else if (reader.field === 2) head.partner = likely.partner = reader.textLike(likely.partner)
      else if (reader.field === 3) head.fingerprint = likely.fingerprint = reader.textLike(likely.fingerprint)
      else reader.skip()
    }
    reader.leave(outer)
  }

  readonly #likelyPeer = { peerClass: '', partner: '', fingerprint: '' }

  #readDecision(reader: WireReader): void {
    const head = this.#head
    const { verdict, code, rule, mark } = head
    head.verdict = head.code = head.rule = head.mark = ''
    head.revision = 0
    head.observed = NOTHING_OBSERVED
    const outer = reader.enter()
    while (reader.next()) {
      if (reader.field === 1) head.verdict = reader.textLike(verdict)
      else if (reader.field === 2) head.code = reader.textLike(code)
      else if (reader.field === 4) head.rule = reader.textLike(rule)
      else if (reader.field === 5) head.mark = reader.textLike(mark)
      else if (reader.field === 10) head.revision = reader.uint()
      else if (reader.field === 12) head.observed = [...head.observed, readObserved(reader)]
      else reader.skip()
    }
    reader.leave(outer)
  }

  #readReceipt(reader: WireReader, receipt: Uint8Array, message: ArchivedMessage): void {
    const { peerClass, partner, fingerprint } = this.#head
    let evidence: Uint8Array | undefined
    let isBound = false
    let boundPartner = partner
    let protocol = ''
    let strength = 0
    message.hasReceipt = true
    reader.open(receipt)
    while (reader.next()) {
      if (reader.field === 1) message.side = reader.flag() ? 'internal' : 'external'
      else if (reader.field === 2) evidence = reader.bytes()
      else if (reader.field === 3) isBound = reader.flag()
      else if (reader.field === 4) boundPartner = reader.text()
      else if (reader.field === 5) message.assertedMark = reader.uint() === 1 ? 'verified' : 'unverified'
      else if (reader.field === 6) message.assertedDomains.push(reader.text())
      else if (reader.field === 7) message.isInDialog = reader.flag()
      else if (reader.field === 8) message.usedSrv.push(readSrv(reader))
      else if (reader.field === 9) readFacts(reader, message)
      else if (reader.field === 10) protocol = reader.text()
      else if (reader.field === 11) strength = reader.uint()
      else reader.skip()
    }
    if (protocol !== '') message.bridge = { protocol, evidence: EVIDENCE[strength] ?? 'V0' }
    if (isBound) message.bound = { peerClass: peerClass as PeerClass, partner: boundPartner }
    // an external peer of which nothing is to be said proved nothing that a rule could use, and is read as such
    const shown = evidence ?? (message.side === 'internal' ? undefined : EMPTY)
    const found = this.#peers.read(this.#evidenceReader, shown, fingerprint)
    message.peer = found.peer
    message.namesOmitted = found.namesOmitted
  }
}

const EMPTY = new Uint8Array(0)

function readObserved(reader: WireReader): ObservedStep {
  let code = ''
  let source = ''
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === 2) code = reader.text()
    else if (reader.field === 4) source = reader.text()
    else reader.skip()
  }
  reader.leave(outer)
  return { code, source }
}

function readSrv(reader: WireReader): { domain: string; evidence: SrvEvidence } {
  let domain = ''
  let failure = ''
  let detail = ''
  const targets: SrvTarget[] = []
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === 1) domain = reader.text()
    else if (reader.field === 2) targets.push(readTarget(reader))
    else if (reader.field === 3) failure = reader.text()
    else if (reader.field === 4) detail = reader.text()
    else reader.skip()
  }
  reader.leave(outer)
  const evidence: SrvEvidence = failure === '' ? { status: 'found', targets } : { status: failure === 'none' ? 'none' : 'failed', detail }
  return { domain, evidence }
}

function readTarget(reader: WireReader): SrvTarget {
  let host = ''
  let port = 0
  let priority = 0
  let weight = 0
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === 1) host = reader.text()
    else if (reader.field === 2) port = reader.uint()
    else if (reader.field === 3) priority = reader.uint()
    else if (reader.field === 4) weight = reader.uint()
    else reader.skip()
  }
  reader.leave(outer)
  return { host, port, priority, weight }
}
