import { type ImAddress, normaliseDomain } from '@gatehouse/im-model'

// XEP-0106's set, and what parts the two halves here. Everything else stands for itself.
const ESCAPED = ' "&\'/:<>@\\()%'
const ESCAPE = /\\([0-9a-f]{2})/g

/**
 * The address of an account on a network without domains that lead anywhere, as LCS wrote it (lcs-edge §13): `bob` of `msn.example` is
 * `bob@msn.example`, the account `bob@fabrikam.example` is `bob(fabrikam.example)@msn.example`. Reversible: what would be mistaken is
 * escaped with `\` and two hexadecimal digits (XEP-0106). Undefined: an empty account, or one with control characters.
 */
export function addressOfAccount(account: string, network: string): ImAddress | undefined {
  if (account === '' || hasControls(account)) return undefined
  const at = account.lastIndexOf('@')
  const domain = at <= 0 ? undefined : normaliseDomain(account.slice(at + 1))
  // Only a domain that is written as it is compared comes back as it was.
  if (domain === undefined || domain !== account.slice(at + 1)) return { user: escapeAccount(account), domain: network }
  return { user: `${escapeAccount(account.slice(0, at))}(${domain})`, domain: network }
}

/** The account behind an address that `addressOfAccount` made; undefined for any other. */
export function accountOfAddress(address: ImAddress, network: string): string | undefined {
  if (address.domain !== network || address.user === '' || hasControls(address.user)) return undefined
  const open = address.user.indexOf('(')
  if (open < 0) return checked(unescapeAccount(address.user), address)
  if (open === 0 || !address.user.endsWith(')')) return undefined
  return checked(`${unescapeAccount(address.user.slice(0, open))}@${address.user.slice(open + 1, -1)}`, address)
}

/** One account has one address: spellings that would lead to the same account are refused. */
function checked(account: string, address: ImAddress): string | undefined {
  const again = addressOfAccount(account, address.domain)
  return again?.user === address.user ? account : undefined
}

function escapeAccount(text: string): string {
  let escaped = ''
  for (const letter of text) {
    escaped += ESCAPED.includes(letter) ? `\\${letter.charCodeAt(0).toString(16).padStart(2, '0')}` : letter
  }
  return escaped
}

function unescapeAccount(text: string): string {
  return text.replace(ESCAPE, (whole, digits: string) => {
    const letter = String.fromCharCode(Number.parseInt(digits, 16))
    return ESCAPED.includes(letter) ? letter : whole
  })
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}
