import type { AddressLook, SrvLook } from '@gatehouse/doctor'
import type { SrvEvidence, SrvTarget } from '@gatehouse/policy-engine'
import type { AliasClient, DnsClient } from '../resolve/dns-client.ts'
import { SrvResolver } from '../resolve/srv-resolver.ts'

/** The gate's own resolver with nothing in its caches, and beside its answer what DNS really said. */
export class DoctorDns {
  readonly #dns: DnsClient & AliasClient
  readonly #nowMs: () => number

  constructor(dns: DnsClient & AliasClient, nowMs: () => number) {
    this.#dns = dns
    this.#nowMs = nowMs
  }

  async srv(domain: string): Promise<SrvLook> {
    let records: readonly SrvTarget[] = []
    let errorCode = ''
    const listening: DnsClient = {
      srv: async (name) => {
        try {
          const found = await this.#dns.srv(name)
          records = found.map(({ name: host, port, priority, weight }) => ({ host, port, priority, weight }))
          return found
        } catch (thrown) {
          errorCode = (thrown as { code?: string }).code ?? ''
          throw thrown
        }
      },
      ipv4: (host) => this.#dns.ipv4(host),
      ipv6: (host) => this.#dns.ipv6(host),
    }
    const evidence = await new Promise<SrvEvidence>((resolve) => this.#resolver(listening).lookupSrv(domain, resolve))
    return { evidence, records, errorCode }
  }

  async addresses(host: string): Promise<AddressLook> {
    const [found, alias] = await Promise.all([
      new Promise<{ addresses: readonly string[]; failure: string }>((resolve) =>
        this.#resolver(this.#dns).addresses(host, (addresses, failure) => resolve({ addresses, failure })),
      ),
      this.#dns.alias(host),
    ])
    return { ...found, alias, isCertain: found.failure.startsWith('GH-RESOLVE-NONE') || found.failure.startsWith('GH-RESOLVE-NAME') }
  }

  #resolver(dns: DnsClient): SrvResolver {
    return new SrvResolver({ dns, nowMs: this.#nowMs })
  }
}
