import { lookup, Resolver } from 'node:dns/promises'

export interface AddressRecord {
  readonly address: string
  readonly ttlS: number
}

export interface SrvRecordSet {
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}

/** What the resolver asks of DNS; rejects with Node's `code` (ENOTFOUND, ENODATA, ESERVFAIL, ETIMEOUT …). */
export interface DnsClient {
  srv(name: string): Promise<readonly SrvRecordSet[]>
  ipv4(host: string): Promise<readonly AddressRecord[]>
  ipv6(host: string): Promise<readonly AddressRecord[]>
}

/** What a host is an alias of; the gate follows aliases without looking, the doctor wants to know. */
export interface AliasClient {
  alias(host: string): Promise<string | undefined>
}

export interface DnsClientOptions {
  /** `address` or `address:port`; empty: the system's, with the hosts file for addresses. */
  readonly servers: readonly string[]
  readonly timeoutMs: number
  readonly tries: number
}

/** getaddrinfo tells no lifetime. */
const SYSTEM_TTL_S = 30

/** The real client, over node:dns. Throws when a server is not an address. */
export function createDnsClient(options: DnsClientOptions): DnsClient & AliasClient {
  const resolver = new Resolver({ timeout: options.timeoutMs, tries: options.tries })
  const srv = (name: string): Promise<readonly SrvRecordSet[]> => resolver.resolveSrv(name)
  const alias = async (host: string): Promise<string | undefined> => {
    try {
      return (await resolver.resolveCname(host))[0]
    } catch {
      return undefined // most hosts are none
    }
  }
  if (options.servers.length === 0) {
    const system = async (host: string, family: 4 | 6): Promise<readonly AddressRecord[]> => {
      const found = await lookup(host, { all: true, family })
      return found.map(({ address }) => ({ address, ttlS: SYSTEM_TTL_S }))
    }
    return { srv, alias, ipv4: (host) => system(host, 4), ipv6: (host) => system(host, 6) }
  }
  resolver.setServers(options.servers)
  return {
    srv,
    alias,
    ipv4: async (host) => (await resolver.resolve4(host, { ttl: true })).map(({ address, ttl }) => ({ address, ttlS: ttl })),
    ipv6: async (host) => (await resolver.resolve6(host, { ttl: true })).map(({ address, ttl }) => ({ address, ttlS: ttl })),
  }
}
