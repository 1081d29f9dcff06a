/** How a name is answered when it is not simply looked up. */
export type DnsFault = 'servfail' | 'refused' | 'silence'

export interface SrvRecord {
  readonly host: string
  readonly port: number
  readonly priority?: number
  readonly weight?: number
}

/** One stored record, ready for `dns-packet`. */
export type ZoneRecord =
  | {
      readonly type: 'A' | 'AAAA' | 'CNAME'
      readonly ttlS: number
      readonly data: string
      /** Whose record it is, where that is not the name asked for. */
      readonly owner?: string
    }
  | {
      readonly type: 'SRV'
      readonly ttlS: number
      readonly data: { readonly target: string; readonly port: number; readonly priority: number; readonly weight: number }
    }

export type ZoneAnswer =
  | { readonly outcome: 'records'; readonly records: readonly ZoneRecord[] }
  | { readonly outcome: 'nxdomain' }
  | { readonly outcome: DnsFault }

/** The federation service's name under a SIP domain. */
export function federationName(domain: string): string {
  return `_sipfederationtls._tcp.${domain}`
}

function keyOf(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/** Records that may change at any time; the next query sees the change. */
export class DnsZone {
  readonly #records = new Map<string, ZoneRecord[]>()
  readonly #faults = new Map<string, DnsFault>()

  /** Replaces the SRV records of `name` (a full name such as `_sipfederationtls._tcp.example.org`). */
  setSrv(name: string, targets: readonly SrvRecord[], ttlS = 60): void {
    const records = targets.map(
      ({ host, port, priority = 0, weight = 0 }): ZoneRecord => ({ type: 'SRV', ttlS, data: { target: host, port, priority, weight } }),
    )
    this.#replace(name, ['SRV'], records)
  }

  /** Replaces the federation SRV records of a SIP domain. */
  setFederation(domain: string, targets: readonly SrvRecord[], ttlS = 60): void {
    this.setSrv(federationName(domain), targets, ttlS)
  }

  /** Replaces the A and AAAA records of a host. */
  setAddresses(host: string, addresses: readonly string[], ttlS = 60): void {
    const records = addresses.map((data): ZoneRecord => ({ type: data.includes(':') ? 'AAAA' : 'A', ttlS, data }))
    this.#replace(host, ['A', 'AAAA'], records)
  }

  /** Makes `host` an alias (CNAME) of `canonical`, whose records are given with it. */
  setAlias(host: string, canonical: string, ttlS = 60): void {
    this.#records.set(keyOf(host), [{ type: 'CNAME', ttlS, data: canonical }])
  }

  /** From now on `name` is answered with a fault, whatever its records are; undefined heals it. */
  setFault(name: string, fault: DnsFault | undefined): void {
    if (fault === undefined) this.#faults.delete(keyOf(name))
    else this.#faults.set(keyOf(name), fault)
  }

  /** The name does not exist any more. */
  remove(name: string): void {
    this.#records.delete(keyOf(name))
    this.#faults.delete(keyOf(name))
  }

  answer(name: string, type: string): ZoneAnswer {
    const key = keyOf(name)
    const fault = this.#faults.get(key)
    if (fault !== undefined) return { outcome: fault }
    const records = this.#records.get(key)
    if (records === undefined) return { outcome: 'nxdomain' }
    const found = records.filter((record) => record.type === type)
    const alias = records.find((record) => record.type === 'CNAME')
    if (found.length > 0 || alias?.type !== 'CNAME') return { outcome: 'records', records: found }
    // RFC 1034 §4.3.2 step 3a: the alias, then what it stands for.
    const behind = this.answer(alias.data, type)
    const owned = behind.outcome === 'records' ? behind.records.map((record) => ({ ...record, owner: alias.data })) : []
    return { outcome: 'records', records: [alias, ...owned] }
  }

  #replace(name: string, types: readonly string[], records: readonly ZoneRecord[]): void {
    const kept = (this.#records.get(keyOf(name)) ?? []).filter((record) => !types.includes(record.type))
    this.#records.set(keyOf(name), [...kept, ...records])
  }
}
