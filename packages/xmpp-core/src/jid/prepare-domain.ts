import { normaliseDomain } from '@gatehouse/im-model'

/** What the URL parser would take for something else than a host name, or decode. */
const NOT_A_NAME = /[\u0000-\u002c\u002f:-@[-`{-\u007f\u0080-\u00a0%]/

/**
 * A domain as lower-case A-labels without trailing dot (RFC 7622 §3.2). U-labels are converted by UTS #46, which every resolver uses; names of
 * servers that are addresses are refused, since no certificate or SRV record speaks for them. Undefined: not allowed.
 */
export function prepareDomain(text: string): string | undefined {
  const plain = normaliseDomain(text)
  if (plain !== undefined) return isAddress(plain) ? undefined : plain
  if (text.length > 255 || NOT_A_NAME.test(text.replace(/[-.a-zA-Z0-9_]/g, ''))) return undefined
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
