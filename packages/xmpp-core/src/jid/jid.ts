import { prepareDomain } from './prepare-domain.ts'
import { prepareLocal } from './prepare-local.ts'
import { prepareResource } from './prepare-resource.ts'

/** An XMPP address, prepared (RFC 7622): two of the same account are equal letter by letter. */
export interface Jid {
  /** Empty: the address of a domain. */
  readonly local: string
  readonly domain: string
  /** Empty: a bare address. */
  readonly resource: string
}

/** Longest text looked at: three parts of 1,023 octets and two separators. */
const MAX_CHARS = 3071

/** Parses and prepares `local@domain/resource` (RFC 7622 §3.1). Undefined: not an address. Never throws. */
export function parseJid(text: string): Jid | undefined {
  if (text.length > MAX_CHARS) return undefined
  const slash = text.indexOf('/')
  const bare = slash < 0 ? text : text.slice(0, slash)
  const at = bare.indexOf('@')
  const local = at < 0 ? '' : prepareLocal(bare.slice(0, at))
  const domain = prepareDomain(at < 0 ? bare : bare.slice(at + 1))
  const resource = slash < 0 ? '' : prepareResource(text.slice(slash + 1))
  // An empty part with its separator (`@domain`, `domain/`) is an error, not an absent part.
  if (local === undefined || domain === undefined || resource === undefined || (at >= 0 && local === '')) return undefined
  return { local, domain, resource }
}

export function bareOf(jid: Jid): string {
  return jid.local === '' ? jid.domain : `${jid.local}@${jid.domain}`
}

export function jidText(jid: Jid): string {
  return jid.resource === '' ? bareOf(jid) : `${bareOf(jid)}/${jid.resource}`
}
