import { createHash } from 'node:crypto'

const MAX_LENGTH = 200
/** RFC 3261 §25.1 `word` without quotes and brackets, which some servers take for something else; one `@` at most. */
const CALL_ID = /^[A-Za-z0-9\-.!%*_+`'~]+(@[A-Za-z0-9\-.]+)?$/

/**
 * The Call-ID of a conversation: the conversation itself where it came from SIP or could have, so that both directions of one thread are
 * one to SIP (RFC 7572 §4); otherwise a hash of it.
 */
export function callIdOf(conversation: string, host: string): string {
  if (conversation.length <= MAX_LENGTH && CALL_ID.test(conversation)) return conversation
  return `${createHash('sha256').update(conversation).digest('base64url').slice(0, 32)}@${host}`
}
