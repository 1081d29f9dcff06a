import { expiryMs } from './compile/table-parts.ts'
import type { HomeSystem } from './document.ts'
import type { Block, BlockTables, Relation, Snapshot } from './snapshot.ts'

/**
 * True for what `normaliseDomain` returns: lower case, no trailing dot, at most 253 characters. Everything else would slip past
 * tables that are keyed by that form, so that rules refuse it.
 */
export function isUsableDomain(domain: string): boolean {
  if (domain.length === 0 || domain.length > 253) return false
  let wasDot = true
  for (let at = 0; at < domain.length; at++) {
    const code = domain.charCodeAt(at)
    if (code === 0x2e) {
      if (wasDot) return false
      wasDot = true
      continue
    }
    wasDot = false
    const isLetter = code >= 0x61 && code <= 0x7a
    const isDigit = code >= 0x30 && code <= 0x39
    if (!isLetter && !isDigit && code !== 0x2d && code !== 0x5f) return false
  }
  return !wasDot
}

/** The block entry that covers `domain`: its own or, as a block covers everything below it, one of a parent. */
export function findBlock(snapshot: BlockTables, domain: string, nowMs: number): Block | undefined {
  const blocks = snapshot.blockedDomains
  if (blocks.size === 0) return undefined
  const { hasTopLevelBlocks } = snapshot
  let name = domain
  for (;;) {
    const block = blocks.get(name)
    if (block !== undefined && isInForce(block, nowMs)) return block
    const dot = name.indexOf('.')
    if (dot < 0 || (!hasTopLevelBlocks && name.indexOf('.', dot + 1) < 0)) return undefined
    name = name.slice(dot + 1)
  }
}

/** False once it has expired; an instant that cannot be read is never reached. */
export function isInForce({ spec }: Block, nowMs: number): boolean {
  return spec.expires === undefined || nowMs < expiryMs(spec.expires, Number.POSITIVE_INFINITY)
}

/** The longest allow entry that covers `domain` and has not expired. */
export function findAllowed(snapshot: Snapshot, domain: string, nowMs: number): Relation | undefined {
  if (snapshot.allowed.size === 0) return undefined
  let name = domain
  for (;;) {
    const entry = snapshot.allowed.get(name)
    if (entry !== undefined && nowMs < entry.expiresMs && (entry.hasSubdomains || name.length === domain.length)) return entry
    const dot = name.indexOf('.')
    if (dot < 0) return undefined
    name = name.slice(dot + 1)
  }
}

/** The network that lists `domain`, exactly or by its longest `*.parent`. */
export function findListedNetwork(snapshot: Snapshot, domain: string): Relation | undefined {
  const { networks } = snapshot
  if (networks === undefined) return undefined
  const listed = networks.domains.get(domain)
  if (listed !== undefined || networks.subdomains.size === 0) return listed
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    const wide = networks.subdomains.get(domain.slice(dot + 1))
    if (wide !== undefined) return wide
  }
  return undefined
}

/**
 * The network that speaks for `domain`: none where a SIP partner, a provider or an allowed domain has it; else the one that lists it; else
 * the open one.
 */
export function findNetwork(snapshot: Snapshot, domain: string, nowMs: number): Relation | undefined {
  if (snapshot.networks === undefined || snapshot.partners.has(domain) || snapshot.providerDomains.has(domain)) return undefined
  const listed = findListedNetwork(snapshot, domain)
  if (listed !== undefined) return listed
  return findAllowed(snapshot, domain, nowMs) === undefined ? snapshot.networks.open : undefined
}

/** What the home system of an internal domain speaks. */
export function homeSystemOf(snapshot: Snapshot, domain: string): HomeSystem {
  const { homeSystems } = snapshot
  if (homeSystems === undefined) return 'sip'
  const own = homeSystems.get(domain)
  if (own !== undefined) return own
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    const parent = domain.slice(dot + 1)
    if (snapshot.internal.get(parent) === true) return homeSystems.get(parent) ?? 'sip'
  }
  return 'sip'
}

export function isInternalDomain(snapshot: Snapshot, domain: string): boolean {
  if (snapshot.internal.has(domain)) return true
  if (!snapshot.hasInternalSubdomains) return false
  let name = domain
  for (;;) {
    if (snapshot.internal.get(name) === true) return true
    const dot = name.indexOf('.')
    if (dot < 0) return false
    name = name.slice(dot + 1)
  }
}
