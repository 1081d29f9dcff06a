import type { ArchiveMode } from '@gatehouse/im-model'
import type { RightsSpec, StartRight } from '../document.ts'

/** One level's word on rights, in the form it is compared in; undefined: this level does not say. */
export interface Rights {
  readonly federation: boolean | undefined
  readonly publicIm: boolean | undefined
  /** Provider names. */
  readonly publicNetworks: ReadonlySet<string> | undefined
  readonly remote: boolean | undefined
  readonly start: StartRight | undefined
  readonly allowedDomains: ReadonlySet<string> | undefined
  readonly blockedDomains: ReadonlySet<string> | undefined
  readonly archiving: ArchiveMode | undefined
}

export function compileRights(spec: RightsSpec): Rights {
  return {
    federation: spec.federation,
    publicIm: spec.publicIm,
    publicNetworks: spec.publicNetworks === undefined ? undefined : new Set(spec.publicNetworks),
    remote: spec.remote,
    start: spec.start,
    allowedDomains: lowered(spec.allowedDomains),
    blockedDomains: lowered(spec.blockedDomains),
    archiving: spec.archiving,
  }
}

/** True when our user may begin. */
export function insideMayStart(start: StartRight): boolean {
  return start === 'both' || start === 'inside'
}

/** True when the outside may begin. */
export function outsideMayStart(start: StartRight): boolean {
  return start === 'both' || start === 'outside'
}

/** What both words allow. */
export function narrowerStart(left: StartRight, right: StartRight): StartRight {
  const inside = insideMayStart(left) && insideMayStart(right)
  const outside = outsideMayStart(left) && outsideMayStart(right)
  if (inside) return outside ? 'both' : 'inside'
  return outside ? 'outside' : 'none'
}

function lowered(domains: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return domains === undefined ? undefined : new Set(domains.map((domain) => domain.toLowerCase()))
}
