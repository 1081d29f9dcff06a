/** ISUPPORT CASEMAPPING: which letters a server takes for the same. */
export type CaseMapping = 'ascii' | 'rfc1459' | 'strict-rfc1459'

/** The form in which nicks and channel names are compared. Servers with a mapping of their own (rfc7613, precis) fold more; ASCII is the common part. */
export function foldCase(text: string, mapping: CaseMapping): string {
  const lower = text.replace(/[A-Z]/g, (char) => char.toLowerCase())
  if (mapping === 'ascii') return lower
  const folded = lower.replace(/[[\]\\]/g, (char) => ({ '[': '{', ']': '}', '\\': '|' })[char] as string)
  return mapping === 'rfc1459' ? folded.replaceAll('~', '^') : folded
}

/** A word that is none of the three compares as ASCII. */
export function caseMappingOf(word: string): CaseMapping {
  return word === 'rfc1459' || word === 'strict-rfc1459' ? word : 'ascii'
}
