import { Buffer } from 'node:buffer'

/** What the archive says about one record. */
export interface AppendResult {
  readonly sequence: number
  readonly isDuplicate: boolean
  /** Empty, or a code. */
  readonly refusal: string
}

/** An encoded `AppendReply`, in a buffer of its own. */
export function encodeAppendReply(results: readonly AppendResult[]): Uint8Array {
  // 2 for the message, 9 for a sequence, 2 for the flag, 2 and the text for a refusal; codes are short ASCII.
  let most = 0
  for (const result of results) most += 15 + result.refusal.length
  const reply = new Uint8Array(most)
  let at = 0
  for (const result of results) {
    const lengthAt = at + 1
    reply[at] = 0x0a
    at += 2
    if (result.sequence > 0) {
      reply[at++] = 0x08
      at = writeVarint(reply, at, result.sequence)
    }
    if (result.isDuplicate) {
      reply[at++] = 0x10
      reply[at++] = 1
    }
    if (result.refusal !== '') {
      reply[at++] = 0x1a
      reply[at++] = result.refusal.length
      at += Buffer.from(reply.buffer).write(result.refusal, at, 'latin1')
    }
    reply[lengthAt] = at - lengthAt - 1
  }
  return reply.subarray(0, at)
}

/** The same refusal for each record of a request. */
export function encodeRefusals(count: number, refusal: string): Uint8Array {
  return encodeAppendReply(new Array<AppendResult>(count).fill({ sequence: 0, isDuplicate: false, refusal }))
}

function writeVarint(target: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest % 0x80) | 0x80
  target[at++] = rest
  return at
}
