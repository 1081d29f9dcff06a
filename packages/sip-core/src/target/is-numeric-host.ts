const DIGIT_0 = 48
const DIGIT_9 = 57
const DOT = 46

/** Whether a host is an IPv4 address or an IPv6 address, with or without brackets (RFC 3261 §25.1: a name's last label begins with a letter). */
export function isNumericHost(host: string): boolean {
  if (host.includes(':')) return true
  if (host === '') return false
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at)
    if (code !== DOT && (code < DIGIT_0 || code > DIGIT_9)) return false
  }
  return true
}
