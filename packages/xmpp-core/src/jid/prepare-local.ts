/** What RFC 7622 §3.3.1 takes away from the characters that a local part may have. */
const EXCLUDED = /["&'/:<>@]/
/** RFC 8264 §4.2: letters, digits and combining marks of any script, and all of printable ASCII. */
const IDENTIFIER = /^[\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}\u0021-\u007e\u3007\u06fd\u06fe\u0f0b]+$/u
/** Width variants; only these are folded (RFC 8265 §3.3.1). */
const WIDTH = /[\uff01-\uffef\u3000]/g
/** Hangul Jamo that only make up syllables, and characters that are drawn as nothing (RFC 8264 §9.9, §9.13). */
const NEVER = /[\p{DI}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
const LEFT_TO_RIGHT = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}]/u
const PLAIN = /^[a-z0-9._~!#$%()*+,;=?[\\\]^`{|}-]+$/

/**
 * A local part in the form in which it is compared: UsernameCaseMapped of RFC 8265 §3.3 as RFC 7622 §3.3 uses it. A subset, which only ever
 * refuses more: characters that need a context rule (RFC 8264 §9.6, zero-width joiners among them) are refused, and so is a name that mixes
 * left-to-right with right-to-left scripts, where the full bidi rule (RFC 5893 §2) would let some pass. Undefined: not allowed.
 */
export function prepareLocal(text: string): string | undefined {
  if (PLAIN.test(text)) return text.length <= 1023 ? text : undefined
  const mapped = text
    .replace(WIDTH, (character) => character.normalize('NFKC'))
    .toLowerCase()
    .normalize('NFC')
  if (EXCLUDED.test(mapped) || !IDENTIFIER.test(mapped) || NEVER.test(mapped)) return undefined
  // HasCompat, RFC 8264 §9.17: what a compatibility form would change is not allowed.
  if (mapped.normalize('NFKC') !== mapped) return undefined
  if (RIGHT_TO_LEFT.test(mapped) && LEFT_TO_RIGHT.test(mapped)) return undefined
  return fitsOctets(mapped) ? mapped : undefined
}

/** RFC 7622 §3: each part has 1 to 1,023 octets of UTF-8. */
export function fitsOctets(text: string): boolean {
  if (text.length === 0 || text.length > 1023) return false
  let octets = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    octets += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code <= 0xdfff ? 2 : 3
  }
  return octets <= 1023
}
