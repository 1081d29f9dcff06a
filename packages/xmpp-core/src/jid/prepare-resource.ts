import { fitsOctets } from './prepare-local.ts'

/** RFC 8264 §4.3 FreeformClass without what is unassigned, private, a control, or drawn as nothing. */
const FREEFORM = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]+$/u
const NEVER = /[\p{DI}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u
const PLAIN = /^[\x20-\x7e]+$/

/** A resource: OpaqueString of RFC 8265 §4.2 as RFC 7622 §3.4 uses it; case is kept. Undefined: not allowed. */
export function prepareResource(text: string): string | undefined {
  if (PLAIN.test(text)) return text.length <= 1023 ? text : undefined
  const mapped = text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
  return FREEFORM.test(mapped) && !NEVER.test(mapped) && fitsOctets(mapped) ? mapped : undefined
}
