import { RECORD_TYPE, type RecordFields } from '../append/record-fields.ts'
import { MOST_ADDRESS, MOST_DOMAIN, searchAddress, searchDomain } from '../append/search-address.ts'
import {
  bodyKeyTerm,
  bucketOfWord,
  COMMON_MARK,
  COMMON_VERDICT,
  idTerm,
  keyTerm,
  markTerm,
  outcomeTerm,
  pairOf,
  TERM,
  termOf,
  textTerm,
  valueOfAscii,
  valueOfText,
  verdictTerm,
} from './terms.ts'

/** Finds the terms of records. Of what is ASCII, as nearly everything is, from the bytes, without making texts. */
export class TermReader {
  // Of the address that was read last.
  #address = 0
  #domain = 0

  /** Hands over each term that a record is found by. */
  each(fields: RecordFields, add: (term: number) => void): void {
    if (fields.type === RECORD_TYPE.outcomes) for (const bucket of fields.buckets) add(outcomeTerm(bucket))
    else if (fields.type === RECORD_TYPE.outcome) add(outcomeTerm(bucketOfWord(fields.envelopeId)))
    else if (fields.type === RECORD_TYPE.entry) this.#eachOfEntry(fields, add)
  }

  #eachOfEntry(fields: RecordFields, add: (term: number) => void): void {
    const { bytes, conversationStart, conversationStop } = fields
    if (!this.#readAddress(bytes, fields.fromStart, fields.fromStop)) this.#readText(fields.fromAddress)
    const [from, fromDomain] = [this.#address, this.#domain]
    if (!this.#readAddress(bytes, fields.toStart, fields.toStop)) this.#readText(fields.toAddress)
    const [to, toDomain] = [this.#address, this.#domain]
    const conversation = valueOfAscii(bytes, conversationStart, conversationStop, false)
    add(idTerm(fields.envelopeId))
    add(keyTerm(fields.idempotencyKey))
    add(termOf(TERM.from, from))
    add(termOf(TERM.to, to))
    add(termOf(TERM.domain, fromDomain))
    if (fromDomain !== toDomain) add(termOf(TERM.domain, toDomain))
    add(pairOf(from, to))
    add(conversation < 0 ? textTerm(TERM.conversation, fields.conversation) : termOf(TERM.conversation, conversation))
    if (!isWord(bytes, fields.verdictStart, fields.verdictStop, COMMON_VERDICT)) addSome(verdictTerm(fields.verdict), add)
    if (!isWord(bytes, fields.markStart, fields.markStop, COMMON_MARK)) addSome(markTerm(fields.mark), add)
    if (fields.keyId > 0) add(bodyKeyTerm(fields.keyId))
  }

  /** As `searchAddress` and `searchDomain` read it; false where it is not the common `scheme:user@host:port` in ASCII. */
  #readAddress(bytes: Uint8Array, from: number, to: number): boolean {
    let [start, end, firstAt, lastAt, port] = [from, to, -1, -1, -1]
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!
      if (byte >= 0x80 || byte === 0x5b) return false
      if (byte === 0x40) {
        if (firstAt < 0) firstAt = at
        lastAt = at
        port = -1
      } else if (byte === 0x3a) {
        if (firstAt < 0) start = at + 1
        else if (port < 0) port = at
      } else if (byte === 0x3b || byte === 0x3e || byte === 0x3f || byte === 0) {
        end = at
        break
      }
    }
    const hostEnd = port < 0 ? end : port
    if (firstAt < 0 || end - start > MOST_ADDRESS || hostEnd - lastAt > MOST_DOMAIN) return false
    this.#address = valueOfAscii(bytes, start, end, true)
    this.#domain = valueOfAscii(bytes, lastAt + 1, hostEnd, true)
    return true
  }

  #readText(text: string): void {
    const address = searchAddress(text)
    this.#address = valueOfText(address)
    this.#domain = valueOfText(searchDomain(address))
  }
}

function addSome(term: number | undefined, add: (term: number) => void): void {
  if (term !== undefined) add(term)
}

function isWord(bytes: Uint8Array, start: number, stop: number, word: string): boolean {
  if (stop - start !== word.length) return false
  for (let at = 0; at < word.length; at++) if (bytes[start + at] !== word.charCodeAt(at)) return false
  return true
}
