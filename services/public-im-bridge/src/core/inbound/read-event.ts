import type { Incoming } from '@gatehouse/bridge-kit'
import { type ImAddress, normaliseDomain } from '@gatehouse/im-model'
import { readableText } from './message-text.ts'

const EVIDENCE: ReadonlySet<string> = new Set(['V0', 'V1', 'V2', 'V3'])
const KINDS: ReadonlySet<string> = new Set(['message', 'typing', 'receipt', 'presence', 'session'])
const LONGEST_USER = 1_024
const LONGEST_ID = 2_048

/** What keeps an event from being taken in, whoever made it: a connector is trusted to speak its protocol, not to be without bugs. */
export type EventProblem = { readonly code: 'GH-BRIDGE-MALFORMED' | 'GH-BRIDGE-TOO-LONG'; readonly detail: string }

export function problemOf(event: Incoming, maxTextBytes: number): EventProblem | undefined {
  const malformed = malformation(event)
  if (malformed !== undefined) return { code: 'GH-BRIDGE-MALFORMED', detail: malformed }
  if (event.content.kind !== 'message') return undefined
  const bytes = Buffer.byteLength(readableText(event.content)) + Buffer.byteLength(event.content.html ?? '')
  return bytes > maxTextBytes ? { code: 'GH-BRIDGE-TOO-LONG', detail: `It has ${bytes} bytes; ${maxTextBytes} may pass.` } : undefined
}

function malformation(event: Incoming): string | undefined {
  if (event.side !== 'internal' && event.side !== 'external') return 'The side is neither internal nor external.'
  if (!isAddress(event.from)) return 'The sender is no address.'
  if (!isAddress(event.to)) return 'The recipient is no address.'
  if (!KINDS.has(event.content?.kind)) return 'The content is of no known kind.'
  if (!EVIDENCE.has(event.evidence?.class)) return 'The evidence is of no known class.'
  if (typeof event.method !== 'string' || !/^[A-Z0-9_-]{1,32}$/.test(event.method)) return 'The method is no word.'
  if (!isShortText(event.conversation) || !isShortText(event.remoteId)) return 'The conversation or remote id is no short text.'
  if (event.content.kind === 'message' && (typeof event.content.text !== 'string' || !event.content.text.isWellFormed())) {
    return 'The text is not well-formed Unicode.'
  }
  return undefined
}

function isAddress(address: ImAddress): boolean {
  const { user, domain } = address
  if (typeof user !== 'string' || user === '' || user.length > LONGEST_USER || hasControls(user)) return false
  return typeof domain === 'string' && normaliseDomain(domain) === domain
}

function isShortText(text: unknown): boolean {
  return typeof text === 'string' && text.length <= LONGEST_ID
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}
