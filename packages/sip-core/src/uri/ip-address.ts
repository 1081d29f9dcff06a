const MAX_GROUPS = 8
const MAX_OCTET = 255

/** A dotted IPv4 address. RFC 3261 §25.1 IPv4address. */
export function isIpv4Text(text: string): boolean {
  let octets = 0
  let value = -1
  for (let position = 0; position <= text.length; position++) {
    const code = position < text.length ? text.charCodeAt(position) : 0x2e
    if (code === 0x2e) {
      if (value < 0) return false
      octets++
      value = -1
    } else if (code >= 0x30 && code <= 0x39) {
      value = Math.max(value, 0) * 10 + code - 0x30
      if (value > MAX_OCTET) return false
    } else return false
  }
  return octets === 4
}

/** An IPv6 address without brackets or zone. RFC 5118 §4.10: at most one `::`, never three colons. */
export function isIpv6Text(text: string): boolean {
  const gap = text.indexOf('::')
  if (gap < 0) return groupCount(text) === MAX_GROUPS
  if (text.indexOf('::', gap + 1) >= 0) return false
  const before = gap === 0 ? 0 : groupCount(text.slice(0, gap), false)
  const after = gap + 2 === text.length ? 0 : groupCount(text.slice(gap + 2))
  return before >= 0 && after >= 0 && before + after < MAX_GROUPS
}

/** Number of 16-bit groups in colon-separated text, an IPv4 tail counting two; -1 when not well formed. */
function groupCount(text: string, mayEndInIpv4 = true): number {
  const groups = text.split(':', MAX_GROUPS + 1)
  let count = 0
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index]!
    if (isHexGroup(group)) count++
    else if (mayEndInIpv4 && index === groups.length - 1 && isIpv4Text(group)) count += 2
    else return -1
  }
  return count
}

function isHexGroup(group: string): boolean {
  if (group.length < 1 || group.length > 4) return false
  for (let index = 0; index < group.length; index++) {
    if (hexValue(group.charCodeAt(index)) < 0) return false
  }
  return true
}

/** Value of a hexadecimal digit, -1 for other characters. */
export function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
