import type { MessageContent } from '@gatehouse/im-model'
import type { SipRequest } from '@gatehouse/sip-core'

/** Text that a request carries for a person, for deciding and archiving; what passes is the request itself, untouched. */
export interface CarriedText {
  readonly contentType: string
  readonly body: Uint8Array
}

const NOTHING = new Uint8Array(0)
/** A header can be at most as long as a head; the decoded first message is smaller still. */
const MAX_PARAMETERS = 32

/**
 * The body of a MESSAGE or INFO, or the first message of a session, which Microsoft clients put base64-coded into the
 * INVITE's `ms-text-format` header (lcs-edge §12.1). SDP is not text for a person and is left out.
 */
export function carriedText(request: SipRequest): CarriedText {
  const contentType = request.headers.first('Content-Type') ?? ''
  if (request.method === 'INVITE' && !isText(contentType)) return firstMessage(request.headers.first('ms-text-format'))
  if (request.body.byteLength === 0) return { contentType: '', body: NOTHING }
  return { contentType, body: request.body }
}

/** The same for the content that policy put in the place of the one that came. */
export function textIn(request: SipRequest, content: MessageContent): CarriedText {
  return request.method === 'INVITE' && !isText(content.contentType) ? firstMessage(content.textFormat[0]) : content
}

/** Some clients put the first message into the body of the INVITE, in the place of a session description. */
function isText(contentType: string): boolean {
  return contentType.length > 5 && contentType.slice(0, 5).toLowerCase() === 'text/'
}

function firstMessage(header: string | undefined): CarriedText {
  if (header === undefined) return { contentType: '', body: NOTHING }
  const parts = header.split(';', MAX_PARAMETERS)
  const contentType: string[] = []
  let body: Uint8Array = NOTHING
  for (const part of parts) {
    const trimmed = part.trim()
    if (trimmed.toLowerCase().startsWith('ms-body=')) body = Buffer.from(trimmed.slice('ms-body='.length), 'base64')
    else contentType.push(trimmed)
  }
  return { contentType: contentType.join(';'), body }
}
