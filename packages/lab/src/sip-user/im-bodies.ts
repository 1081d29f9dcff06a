/** Session description of an IM session. LCS 2005 clients say `x-ms-message`, later ones `message`. */
export type SessionMedia = 'message' | 'x-ms-message'

export function sessionDescription(media: SessionMedia, answer: string): string {
  return [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=session',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=${media} 5060 sip ${answer}`,
    'a=accept-types:text/plain text/html application/im-iscomposing+xml',
    '',
  ].join('\r\n')
}

/** The media of an offer for an IM session; undefined for any other offer (audio, video, files). */
export function readSessionMedia(sdp: string): SessionMedia | undefined {
  const media = /^m=(message|x-ms-message)\s/m.exec(sdp)?.[1]
  return media === 'message' || media === 'x-ms-message' ? media : undefined
}

/** `INFO` body of Microsoft clients. */
export function keyboardActivity(isActive: boolean): string {
  return `<?xml version="1.0"?><KeyboardActivity> <status status="${isActive ? 'type' : 'idle'}" /></KeyboardActivity>`
}

/** RFC 3994. */
export function isComposing(isActive: boolean): string {
  return `<?xml version="1.0" encoding="UTF-8"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>${isActive ? 'active' : 'idle'}</state></isComposing>`
}

/** Whether a typing notice of either kind says that somebody types; undefined when it is none. */
export function readTyping(body: string): boolean | undefined {
  const status = /<status\s+status="(type|idle)"/.exec(body)?.[1] ?? /<state>\s*(active|idle)\s*<\/state>/.exec(body)?.[1]
  return status === undefined ? undefined : status === 'type' || status === 'active'
}

/** RFC 3863 presence document with a note. */
export function presenceDocument(address: string, isOpen: boolean, note: string): string {
  const entity = escapeXml(`pres:${address}`)
  const basic = isOpen ? 'open' : 'closed'
  return `<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${entity}"><tuple id="t0"><status><basic>${basic}</basic></status><note>${escapeXml(note)}</note></tuple></presence>`
}

export function readPresence(document: string): { isOpen: boolean; note: string } | undefined {
  const basic = /<basic>\s*(open|closed)\s*<\/basic>/.exec(document)?.[1]
  if (basic === undefined) return undefined
  return { isOpen: basic === 'open', note: unescapeXml(/<note>([^<]*)<\/note>/.exec(document)?.[1] ?? '') }
}

/** The first message of a session as it rides in the INVITE. */
export function textFormatHeader(text: string): string {
  return `text/plain; charset=UTF-8;ms-body=${Buffer.from(text).toString('base64')}`
}

export function readTextFormat(header: string): string | undefined {
  const encoded = /;\s*ms-body=([A-Za-z0-9+/=]+)/i.exec(header)?.[1]
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8')
}

/** What the edge says about a sender in `ms-edge-proxy-message-trust`; undefined without the header. */
export function readMark(header: string | undefined): 'verified' | 'unverified' | undefined {
  const mark = /ms-source-verified-user=(verified|unverified)/i.exec(header ?? '')?.[1]?.toLowerCase()
  return mark === 'verified' || mark === 'unverified' ? mark : undefined
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function unescapeXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
