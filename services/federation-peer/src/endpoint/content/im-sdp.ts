const MAX_SDP = 16_384
const MAX_LINES = 256
/** What we can read: `read-content.ts`. */
export const ACCEPTED_TYPES = 'text/plain text/html text/rtf multipart/alternative message/cpim application/im-iscomposing+xml'

/** What the other end said of an IM session. */
export interface ImSession {
  /** LCS 2005 clients say `x-ms-message`, later ones `message` (lcs-edge §12.1). */
  readonly media: string
  /** Media types it takes, lower case; empty: it did not say. */
  readonly acceptTypes: readonly string[]
}

/**
 * Microsoft's session description: one `m=message … sip …` line, whose messages go through SIP itself. Undefined: there is none, as in a
 * description of calls or of MSRP (RFC 4975), which do not end here. Never throws.
 */
export function readImSdp(body: Uint8Array): ImSession | undefined {
  if (body.byteLength > MAX_SDP) return undefined
  const lines = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1').split('\n', MAX_LINES)
  let media: string | undefined
  let acceptTypes: readonly string[] = []
  for (const raw of lines) {
    const line = raw.trimEnd()
    if (line.startsWith('m=')) {
      if (media !== undefined) break
      const [name = '', , protocol] = line.slice(2).split(' ', 4)
      if ((name === 'message' || name === 'x-ms-message') && protocol?.toLowerCase() === 'sip') media = name
    } else if (media !== undefined && line.startsWith('a=accept-types:')) {
      acceptTypes = line.slice('a=accept-types:'.length).toLowerCase().trim().split(/ +/, 64)
    }
  }
  return media === undefined ? undefined : { media, acceptTypes }
}

/** Our side: the messages of the session come by SIP to `uri`. */
export function renderImSdp(host: string, port: number, uri: string, media = 'message'): Uint8Array {
  const lines = [
    'v=0',
    `o=- 0 0 IN IP4 ${host}`,
    's=session',
    `c=IN IP4 ${host}`,
    't=0 0',
    `m=${media} ${port} sip ${uri}`,
    `a=accept-types:${ACCEPTED_TYPES}`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'), 'latin1')
}
