import type { MethodFilterSpec, QueueSpec } from '../document.ts'
import type { CompiledMethods, CompiledQueue, Relation } from '../snapshot.ts'
import { expiryMs } from './table-parts.ts'

/** IANA's port for SIP over TLS, and the one federation records point to (lcs-edge §6.1). */
const SIPS_PORT = 5061

/** What a kind of counterpart says of itself; the rest has its usual value. */
export interface RelationParts {
  readonly peerClass: Relation['peerClass']
  readonly name: string
  readonly source: string
  readonly verification: Relation['verification']
  readonly edge?: string | undefined
  readonly trust?: readonly string[]
  readonly pins?: readonly string[]
  readonly requireClientAuth?: boolean
  readonly methods?: MethodFilterSpec | undefined
  readonly links?: number
  readonly dialect?: Relation['dialect']
  readonly traceContext?: Relation['traceContext'] | undefined
  readonly enabled?: boolean
  readonly expires?: string | undefined
  readonly subdomains?: boolean
  readonly domains?: readonly string[]
  readonly isPublic?: boolean
  readonly isSrvChecked?: boolean
  readonly network?: Relation['network']
  readonly queue?: QueueSpec | undefined
}

/** One counterpart in the shape that rules read. */
export function makeRelation(parts: RelationParts): Relation {
  const edge = parts.edge?.toLowerCase()
  const colon = edge === undefined ? -1 : edge.lastIndexOf(':')
  return {
    peerClass: parts.peerClass,
    name: parts.name,
    source: parts.source,
    edgeHost: colon < 0 ? edge : edge?.slice(0, colon),
    edgePort: colon < 0 ? SIPS_PORT : Number(edge?.slice(colon + 1)),
    links: parts.links ?? 1,
    trust: parts.trust ?? [],
    pins: parts.pins ?? [],
    requireClientAuth: parts.requireClientAuth ?? false,
    dialect: parts.dialect ?? 'microsoft',
    traceContext: parts.traceContext ?? 'none',
    verification: parts.verification,
    methods: compileMethods(parts.methods),
    isEnabled: parts.enabled ?? true,
    expiresMs: expiryMs(parts.expires, 0),
    hasSubdomains: parts.subdomains ?? false,
    domains: new Set(parts.domains?.map((domain) => domain.toLowerCase())),
    isPublic: parts.isPublic ?? false,
    isSrvChecked: parts.isSrvChecked ?? false,
    network: parts.network,
    queue: compileQueue(parts.queue),
  }
}

export function compileMethods(spec: MethodFilterSpec | undefined): CompiledMethods | undefined {
  if (spec?.allow === undefined && spec?.deny === undefined) return undefined
  return { allow: upperSet(spec.allow), deny: upperSet(spec.deny), isObserving: spec.mode === 'observe' }
}

export function compileQueue(spec: QueueSpec | undefined): CompiledQueue | undefined {
  if (spec === undefined) return undefined
  return { rule: spec.enabled ? { maxAgeMs: spec.maxAgeMinutes * 60_000, uncertain: spec.uncertain } : undefined }
}

function upperSet(methods: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return methods === undefined ? undefined : new Set(methods.map((method) => method.toUpperCase()))
}
