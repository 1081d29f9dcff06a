import { Authority, DnsServer, HomeServer, type Issued } from '@gatehouse/lab'
import { contosoPolicy } from '../peers-kit/contoso-policy.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import type { Ledger } from './ledger.ts'
import { TcpProxy } from './tcp-proxy.ts'

export const names = {
  external: 'sip.contoso.example',
  internal: 'gate.contoso.example',
  home: 'home.contoso.example',
  partner: 'sip.fabrikam.example',
} as const

/** `settings`: further ones of the federation. */
export function sitesPolicy(sites: Sites, settings: object = {}): string {
  return contosoPolicy({
    settings: { unverified: { message: 'deliver' }, ...settings },
    fabrikam: { edge: `${names.partner}:${sites.partnerWire.port}`, dialect: 'standard' },
  })
}

/** What surrounds the gateway: a name server, an authority, the receiving server of either side, and the wires to them. */
export interface Sites {
  readonly authority: Authority
  readonly caPem: string
  readonly dnsServer: string
  readonly homeCertificate: Issued
  readonly partnerCertificate: Issued
  /** Between gate and inside server; between gate and partner. */
  readonly homeWire: TcpProxy
  readonly partnerWire: TcpProxy
}

/** Puts itself between gate and receiver: the port that the gate is to dial instead of the receiver's. */
export type StandBefore = (receiverPort: number, certificate: Issued, authority: Authority) => Promise<number>

/** Everything the two servers take in is written to the ledger. */
export async function startSites(rack: PeerRack, ledger: Ledger, standBefore?: StandBefore): Promise<Sites> {
  const authority = Authority.create({ name: 'Chaos Root' })
  const caPem = authority.certificate.certPem
  const dns = new DnsServer()
  await dns.start()
  rack.add(dns)
  const receiver = async (domain: string, host: string, certificate: Issued): Promise<TcpProxy> => {
    const server = new HomeServer({ domain, host, address: '127.0.0.1', port: 0, certificate, caPem })
    for (let each = 0; each < MAX_USERS; each++) {
      const user = server.addUser(`user${each}`)
      // Not kept by the user: a run of hours would fill the memory.
      user.handleEvent = (event) => {
        if (event.kind === 'message') ledger.delivered(event.text)
      }
    }
    await server.start()
    rack.add(server)
    dns.zone.setAddresses(host, ['127.0.0.1'])
    const wire = rack.add(new TcpProxy(`gate to ${host}`, (await standBefore?.(server.port, certificate, authority)) ?? server.port))
    await wire.start()
    return wire
  }
  const homeCertificate = authority.issue({ dns: [names.home] })
  const partnerCertificate = authority.issue({ dns: [names.partner] })
  const homeWire = await receiver('contoso.example', names.home, homeCertificate)
  const partnerWire = await receiver('fabrikam.example', names.partner, partnerCertificate)
  return { authority, caPem, dnsServer: dns.server, homeCertificate, partnerCertificate, homeWire, partnerWire }
}

export const MAX_USERS = 8
/** Inside users with an account on the network. */
export const CHAT_USERS = ['user5', 'user6'] as const
