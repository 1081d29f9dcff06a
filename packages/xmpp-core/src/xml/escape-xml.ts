/** Text and attribute values for the wire. What XML 1.0 §2.2 does not allow at all becomes U+FFFD: nothing we write can break a stream. */
export function escapeXml(text: string): string {
  let escaped = ''
  let from = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    const length = code >= 0xd800 && code <= 0xdbff && isLowSurrogate(text.charCodeAt(index + 1)) ? 2 : 1
    const replacement = length === 2 ? undefined : replacementOf(code)
    if (replacement !== undefined) {
      escaped += text.slice(from, index) + replacement
      from = index + 1
    }
    index += length - 1
  }
  return from === 0 ? text : escaped + text.slice(from)
}

function replacementOf(code: number): string | undefined {
  switch (code) {
    case 0x26:
      return '&amp;'
    case 0x3c:
      return '&lt;'
    case 0x3e:
      return '&gt;'
    case 0x22:
      return '&quot;'
    case 0x27:
      return '&apos;'
    // A literal one would be read as a line feed, or as a blank within an attribute (XML 1.0 §2.11, §3.3.3).
    case 0x0d:
      return '&#13;'
    case 0x09:
      return '&#9;'
    case 0x0a:
      return '&#10;'
    default:
      return code < 0x20 || (code >= 0xd800 && code <= 0xdfff) || code >= 0xfffe ? '\ufffd' : undefined
  }
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
