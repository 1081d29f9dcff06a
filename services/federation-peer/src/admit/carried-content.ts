import type { MessageContent } from '@gatehouse/im-model'
import type { SipRequest } from '@gatehouse/sip-core'

const NOTHING: readonly string[] = []

/** Body and first-message header of a request, as policy looks at them; undefined when it has neither. */
export function carriedContent(request: SipRequest): MessageContent | undefined {
  const textFormat = request.headers.has('ms-text-format') ? request.headers.all('ms-text-format') : NOTHING
  if (request.body.byteLength === 0 && textFormat.length === 0) return undefined
  // a header that came twice is handed on as two, for policy to see
  const contentType =
    request.headers.count('Content-Type') > 1 ? request.headers.all('Content-Type').join(', ') : request.headers.first('Content-Type')
  const contentEncoding = request.headers.first('Content-Encoding')?.trim().toLowerCase()
  return { contentType: contentType ?? '', body: request.body, contentEncoding, textFormat }
}

/** Puts the content that policy decided on in the place of the one that came. */
export function replaceContent(request: SipRequest, before: MessageContent, after: MessageContent): void {
  if (after.body !== before.body) {
    request.body = after.body
    request.headers.set('Content-Length', String(after.body.byteLength))
    // the receiver must not check it against bytes that are gone
    request.headers.remove('Content-MD5')
  }
  if (after.contentType !== before.contentType) request.headers.set('Content-Type', after.contentType)
  const [textFormat] = after.textFormat
  if (textFormat !== undefined && textFormat !== before.textFormat[0]) request.headers.set('ms-text-format', textFormat)
}

/** The content with another text in it: the body, or the first message in the header of an INVITE. */
export function withText(request: SipRequest, content: MessageContent, text: Uint8Array): MessageContent {
  const [textFormat] = content.textFormat
  if (request.method !== 'INVITE' || textFormat === undefined) return { ...content, body: text }
  const encoded = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('base64')
  return { ...content, textFormat: [textFormat.replace(/(;\s*ms-body\s*=)[^;]*/i, `$1${encoded}`)] }
}
