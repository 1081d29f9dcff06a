import { isSpace } from './characters.ts'

const HOST = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
const PORT = /:\d{1,5}$/
/** `2130706433` and `0x7f000001` are addresses to every browser. */
const NUMBER = /^(\d+|0x[0-9a-f]*)$/
const LONGEST_AUTHORITY = 260

/**
 * True when the authority beyond doubt names the intranet: a single-label host, or one in `localDomains`. Whatever programs could
 * read in two ways (user parts, backslashes, escapes, odd marks) is not local.
 */
export function isLocalAuthority(authority: string, localDomains: ReadonlySet<string>): boolean {
  if (authority.length === 0 || authority.length > LONGEST_AUTHORITY) return false
  const host = authority.toLowerCase().replace(PORT, '')
  if (!HOST.test(host)) return false
  const lastLabel = host.slice(host.lastIndexOf('.') + 1)
  if (NUMBER.test(lastLabel)) return false
  if (lastLabel === host) return true
  for (let name = host; name !== ''; name = name.slice(name.indexOf('.') + 1)) {
    if (localDomains.has(name)) return true
    if (!name.includes('.')) return false
  }
  return false
}

/**
 * True when the authority surely ends here for every program: only then it is known whole. Before `?` and `#` it does not, to some
 * programs, when an `@` follows.
 */
export function isCleanEnd(text: string, at: number, lastAt: number): boolean {
  if (at >= text.length) return true
  const code = text.charCodeAt(at)
  if (code === 0x3f || code === 0x23) return lastAt < at
  return isSpace(code) || code === 0x2f || code === 0x22 || code === 0x3c || code === 0x3e
}
