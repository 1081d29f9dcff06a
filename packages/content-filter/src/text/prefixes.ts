/** The prefix lists in the form the scanner looks them up in; all lower case, without the character they end in. */
export interface Prefixes {
  /** `http:` → `http` */
  readonly schemes: readonly string[]
  /** `ftp.` → `ftp` */
  readonly dotted: readonly string[]
  /** `www*.` → `www` */
  readonly wild: readonly string[]
  /** `href` */
  readonly words: readonly string[]
}

/** Longest prefix that may be configured; bounds how far the scanner looks back. */
export const MAX_PREFIX = 32

/** Characters LCS allows in a prefix, and the three ways to end one; `href` is the one exception (lcs-edge §10). */
const PREFIX = /^[#+/0-9=@A-Z^_`a-z|~]{1,30}(\*\.|[.:])$/

export function isPrefix(text: string): boolean {
  return text === 'href' || PREFIX.test(text)
}

export function compilePrefixes(list: readonly string[]): Prefixes {
  const schemes = new Set<string>()
  const dotted = new Set<string>()
  const wild = new Set<string>()
  const words = new Set<string>()
  for (const prefix of list) {
    const lower = prefix.toLowerCase()
    if (lower.endsWith('*.')) wild.add(lower.slice(0, -2))
    else if (lower.endsWith('.')) dotted.add(lower.slice(0, -1))
    else if (lower.endsWith(':')) schemes.add(lower.slice(0, -1))
    else words.add(lower)
  }
  return { schemes: [...schemes], dotted: [...dotted], wild: [...wild], words: [...words] }
}
