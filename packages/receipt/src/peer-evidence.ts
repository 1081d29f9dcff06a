import type { PeerIdentity } from '@gatehouse/im-model'
import type { WireReader } from './wire-reader.ts'

/** Certificates remembered while reading; traffic comes from few peers at a time. */
const MAX_REMEMBERED = 10_000

export interface PeerEvidence {
  readonly peer: PeerIdentity
  readonly namesOmitted: number
}

const UNSAID = { issuer: '', serial: '', notAfterMs: Number.MAX_SAFE_INTEGER } as const

interface Remembered extends PeerEvidence {
  readonly bytes: Buffer
}

/** Makes one `PeerIdentity` per certificate, however many messages came with it. */
export class PeerEvidenceReader {
  readonly #known = new Map<string, Remembered>()

  /** `evidence`: proto `PeerEvidence`; undefined for our own inside servers. `reader` is free to use. */
  read(reader: WireReader, evidence: Uint8Array | undefined, fingerprint: string): PeerEvidence {
    const key = evidence === undefined ? `inside ${fingerprint}` : fingerprint
    const present = this.#known.get(key)
    // what one certificate proves changes with the trust stores
    if (present !== undefined && (evidence === undefined || present.bytes.equals(evidence))) return present
    const found = evidence === undefined ? { peer: insidePeer(fingerprint), namesOmitted: 0 } : readEvidence(reader, evidence, fingerprint)
    const made = { ...found, bytes: Buffer.from(evidence ?? new Uint8Array(0)) }
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.set(key, made)
    return made
  }
}

function insidePeer(fingerprint: string): PeerIdentity {
  const names = { dns: [], sipDomains: [], commonName: undefined }
  return { isAuthenticated: true, refusal: undefined, names, anchors: [], mayBeTlsClient: true, fingerprint, spkiPin: '', ...UNSAID }
}

function readEvidence(reader: WireReader, evidence: Uint8Array, fingerprint: string): PeerEvidence {
  const dns: string[] = []
  const sipDomains: string[] = []
  const anchors: string[] = []
  let commonName: string | undefined
  let isServerOnly = false
  let spkiPin = ''
  let namesOmitted = 0
  let refusal = ''
  reader.open(evidence)
  while (reader.next()) {
    if (reader.field === 1) dns.push(reader.text())
    else if (reader.field === 2) sipDomains.push(reader.text())
    else if (reader.field === 3) commonName = reader.text()
    else if (reader.field === 4) anchors.push(reader.text())
    else if (reader.field === 5) isServerOnly = reader.flag()
    else if (reader.field === 6) spkiPin = Buffer.from(reader.bytes()).toString('base64')
    else if (reader.field === 7) namesOmitted = reader.uint()
    else if (reader.field === 8) refusal = reader.text()
    else reader.skip()
  }
  const peer: PeerIdentity = {
    isAuthenticated: refusal === '',
    refusal: refusal === '' ? undefined : { code: refusal, detail: '' },
    names: { dns, sipDomains, commonName },
    anchors,
    mayBeTlsClient: !isServerOnly,
    fingerprint,
    spkiPin,
    ...UNSAID,
  }
  return { peer, namesOmitted }
}
