import { Buffer } from 'node:buffer'

const LONGEST_PLAIN = 900
const WORD_BYTES = 42

/** A header line. Whatever is not short printable ASCII becomes encoded words (RFC 2047 §2), so no value can start a header of its own. */
export function headerLine(name: string, value: string): string {
  const isPlain = value.length < LONGEST_PLAIN && /^[\x20-\x7e]*$/.test(value) && !value.includes('=?')
  return `${name}: ${isPlain ? value : encodedWords(value)}\r\n`
}

function encodedWords(value: string): string {
  const words: string[] = []
  let word = ''
  for (const character of value) {
    if (Buffer.byteLength(word + character) > WORD_BYTES) {
      words.push(word)
      word = ''
    }
    word += character
  }
  words.push(word)
  return words.map((text) => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`).join('\r\n ')
}

/** An addr-spec (RFC 5322 §3.4.1) for an IM address; what mail does not allow is percent-encoded or quoted. */
export function mailAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const escaped = (text: string): string =>
    text.replace(/[^\x21-\x7e]/gu, (character) =>
      [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    )
  const local = escaped(at < 0 ? address : address.slice(0, at))
  const domain = at < 0 ? '' : address.slice(at + 1)
  const isAtom = /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local)
  const host = /^[\w.-]+$/.test(domain) ? domain : 'unknown.invalid'
  return `${isAtom ? local : `"${local.replaceAll(/["\\]/g, '\\$&')}"`}@${host}`
}

/** Base64 in lines of 76 characters (RFC 2045 §6.8). */
export function base64Lines(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64')
  return text.replaceAll(/.{1,76}/g, '$&\r\n')
}

/** RFC 5322 §3.3, in UTC. */
export function mailDate(us: number): string {
  return new Date(us / 1000).toUTCString().replace('GMT', '+0000')
}
