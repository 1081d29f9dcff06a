import { normaliseDomain } from '@gatehouse/im-model'

/** ASCII of a host name. Anything else of ASCII the URL parser would decode, or take for the end of the name. */
const NAME_CHARACTER = /^[-.0-9a-z_\u00a1-\u{10ffff}]+$/iu

/**
 * A domain as lower-case A-labels without trailing dot (RFC 7622 §3.2). U-labels are converted by UTS #46, which every resolver uses; names of
 * servers that are addresses are refused, since no certificate or SRV record speaks for them. Undefined: not allowed.
 */
export function prepareDomain(text: string): string | undefined {
  const plain = normaliseDomain(text)
  if (plain !== undefined) return isAddress(plain) ? undefined : plain
  if (text.length > 255 || !NAME_CHARACTER.test(text)) return undefined
  const converted = hostOf(text)
  const domain = converted === undefined ? undefined : normaliseDomain(converted)
  return domain === undefined || isAddress(domain) ? undefined : domain
}

function isAddress(domain: string): boolean {
  const last = domain.slice(domain.lastIndexOf('.') + 1)
  return /^\d+$/.test(last) || /^0x[0-9a-f]*$/.test(last)
}

function hostOf(text: string): string | undefined {
  return URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname : undefined
}
