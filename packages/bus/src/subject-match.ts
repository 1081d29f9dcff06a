import { busError } from './errors.ts'

function isWord(text: string): boolean {
  if (text.length === 0) return false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    const isPlain = (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x2d || c === 0x5f
    if (!isPlain) return false
  }
  return true
}

/** True for a subject that one message can have: dot-separated words, no wildcards. */
export function isSubject(subject: string): boolean {
  return subject.length <= 255 && subject.split('.').every(isWord)
}

/** True for a subject or a pattern: `*` stands for one word, a final `>` for one or more. */
export function isPattern(pattern: string): boolean {
  if (pattern.length > 255) return false
  const words = pattern.split('.')
  return words.every((word, at) => word === '*' || (word === '>' && at === words.length - 1) || isWord(word))
}

export function hasWildcard(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('>')
}

/** Whether a subject falls under a pattern. Both have been checked before. */
export function matchesPattern(pattern: string, subject: string): boolean {
  const want = pattern.split('.')
  const have = subject.split('.')
  for (let i = 0; i < want.length; i++) {
    if (want[i] === '>') return have.length > i
    if (i >= have.length || (want[i] !== '*' && want[i] !== have[i])) return false
  }
  return want.length === have.length
}

export function requirePattern(pattern: string): void {
  if (!isPattern(pattern)) throw busError('GH-BUS-SUBJECT', JSON.stringify(pattern))
}

export function requireQueue(queue: string): void {
  if (!isWord(queue)) throw busError('GH-BUS-SUBJECT', `queue ${JSON.stringify(queue)}`)
}

/** Bucket names become stream names on NATS. */
export function requireBucket(bucket: string): void {
  if (!isWord(bucket) || bucket.length > 64) throw busError('GH-BUS-KEY', `bucket ${JSON.stringify(bucket)}`)
}

/** The keys NATS KV allows: words of letters, digits and `-_=/`, joined by dots. */
export function requireKey(key: string): void {
  if (key.length > 200 || !/^[-/_=a-zA-Z0-9]+(?:\.[-/_=a-zA-Z0-9]+)*$/.test(key)) throw busError('GH-BUS-KEY', JSON.stringify(key))
}
