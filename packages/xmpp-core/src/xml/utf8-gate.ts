import { Buffer, isUtf8 } from 'node:buffer'

const NO_BYTES: Buffer = Buffer.alloc(0)

/** Bytes to text, strictly: a character that is cut by a chunk's end waits for its rest, anything else that is no UTF-8 ends the stream. */
export class Utf8Gate {
  #rest: Buffer = NO_BYTES

  /** Bytes of an unfinished character. */
  get pendingBytes(): number {
    return this.#rest.length
  }

  /** `isBroken`: after `text` comes something that is no UTF-8. */
  decode(chunk: Uint8Array): { readonly text: string; readonly isBroken: boolean } {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const bytes = this.#rest.length === 0 ? view : Buffer.concat([this.#rest, view])
    const end = completeEnd(bytes)
    const whole = bytes.subarray(0, end)
    // Copied: a view of three bytes would keep the whole chunk in memory.
    this.#rest = end === bytes.length ? NO_BYTES : Buffer.from(bytes.subarray(end))
    if (isUtf8(whole)) {
      const isBroken = this.#rest.length > 0 && !canBegin(this.#rest)
      return { text: whole.toString('utf8'), isBroken }
    }
    return { text: whole.subarray(0, validLength(whole)).toString('utf8'), isBroken: true }
  }
}

/** Where the last complete character ends; what follows is at most three bytes of a begun one. */
function completeEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return bytes.length
    if (byte >= 0xc0) return sequenceLength(byte) > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4
  return lead >= 0xe0 ? 3 : 2
}

/** Whether some continuation makes these bytes one character (RFC 3629 §4); so that a bad lead byte is refused when it comes, not later. */
function canBegin(rest: Buffer): boolean {
  const [lead = 0, second] = rest
  if (lead < 0xc2 || lead > 0xf4) return false
  if (second === undefined) return true
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return false
  const third = rest[2]
  return third === undefined || (third & 0xc0) === 0x80
}

/** Length of the longest valid beginning, character by character: only worked out for a stream that is about to end. */
function validLength(bytes: Buffer): number {
  let end = 0
  while (end < bytes.length) {
    const lead = bytes[end] as number
    const next = end + (lead < 0x80 ? 1 : sequenceLength(lead))
    if (next > bytes.length || !isUtf8(bytes.subarray(end, next))) break
    end = next
  }
  return end
}
