import type { NetworkSpec } from '../document.ts'
import type { NetworkTables, Relation } from '../snapshot.ts'
import type { RelationParts } from './make-relation.ts'

const BELOW = '*.'

/** What a `Network` is to the rules: a counterpart of class bridge, without an edge. */
export function compileNetwork(name: string, spec: NetworkSpec): RelationParts {
  return {
    peerClass: 'bridge',
    name,
    source: `Network/${name}`,
    verification: spec.verification,
    enabled: spec.enabled,
    isPublic: spec.public,
    queue: spec.queue,
    network: { protocol: spec.protocol, minEvidence: spec.minEvidence, kinds: new Set(spec.kinds) },
  }
}

/** Sorts networks by their domains; where two have the same one, the first counts. */
export class NetworkTablesBuilder {
  readonly #domains = new Map<string, Relation>()
  readonly #subdomains = new Map<string, Relation>()
  #open: Relation | undefined
  #isEmpty = true

  add(relation: Relation, spec: NetworkSpec): void {
    this.#isEmpty = false
    for (const written of spec.domains) {
      const domain = written.toLowerCase()
      const [table, key] = domain.startsWith(BELOW) ? [this.#subdomains, domain.slice(BELOW.length)] : [this.#domains, domain]
      if (!table.has(key)) table.set(key, relation)
    }
    if (spec.openDomains && spec.enabled) this.#open ??= relation
  }

  build(): NetworkTables | undefined {
    return this.#isEmpty ? undefined : { domains: this.#domains, subdomains: this.#subdomains, open: this.#open }
  }
}
