import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Authority, DnsServer } from '@gatehouse/lab'
import { issueFiles } from './certificates.ts'
import { contosoPolicy } from './contoso-policy.ts'
import { freePorts } from './free-port.ts'
import { type GateOrder, type RunningGate, startGate } from './gate.ts'
import { type Organisation, type OrganisationSite, planOrganisation, startOrganisation } from './organisation.ts'
import type { PeerRack } from './peer-rack.ts'

/** Names of the set-up: contoso behind Gatehouse, fabrikam as its partner; both have Kamailio as their own server. */
export const names = {
  pool: 'sip.contoso.example',
  internalPool: 'edge-in.contoso.example',
  home: 'home.contoso.example',
  partner: 'sip.fabrikam.example',
} as const

export interface FederationPlan {
  /** Gate replicas, each on a loopback address of its own with the same ports; default one. */
  readonly replicas?: number
  /** Users whose telephone is something else than ours: no phone is opened for them. */
  readonly otherPhones?: readonly string[]
  /** How contoso knows fabrikam; default a Partner with its edge named. */
  readonly partnerPolicy?: (partnerPort: number) => object
  /** Resolver of the gates; default a DNS server of the lab that knows every name. */
  readonly dnsServer?: (sites: { readonly partnerPort: number }) => Promise<string>
  readonly hasTrace?: boolean
  /** More about contoso's own server. */
  readonly nextHop?: { readonly imMode: 'page' | 'session'; readonly imdn?: boolean; readonly imIdleMs?: number }
  /** Of the partner; default `standard`, which Kamailio speaks. */
  readonly dialect?: 'standard' | 'microsoft'
  /** Messages can wait for who is away. */
  readonly hasOutbox?: boolean
  /** … also for contoso's own server. */
  readonly queuesInside?: boolean
  /** Configuration of a public-im-bridge with each gate. */
  readonly bridge?: object
  /** What unverified people may do; default everything. */
  readonly unverified?: object
  /** A network behind `deliver.xmpp`, which answers whatever it is told. */
  readonly hasNetworkDouble?: boolean
  /** Further domains of contoso that fabrikam writes to. */
  readonly moreDomains?: readonly string[]
  /** Further policy documents, each beginning with `---`. */
  readonly morePolicy?: string
}

export interface Federation {
  readonly gates: readonly RunningGate[]
  readonly addresses: readonly string[]
  readonly contoso: Organisation
  readonly fabrikam: Organisation
  /** Tells both Kamailios which replicas the pool's names lead to. */
  readonly leadPoolTo: (addresses: readonly string[]) => void
}

export async function startFederation(rack: PeerRack, plan: FederationPlan = {}): Promise<Federation> {
  const insideCa = Authority.create({ name: 'Contoso Inside CA' })
  const contosoCa = Authority.create({ name: 'Contoso Federation CA' })
  const fabrikamCa = Authority.create({ name: 'Fabrikam CA' })
  const addresses = Array.from({ length: plan.replicas ?? 1 }, (_, index) => `127.0.0.${11 + index}`)
  const [externalPort, internalPort] = (await freePorts(2, addresses[0])) as [number, number]
  const hasTrace = plan.hasTrace ?? false
  const contosoSite = await planOrganisation(rack, {
    domain: 'contoso.example',
    edgeHost: names.home,
    users: ['alice', 'anna'],
    authority: insideCa,
    peerDomains: [],
    peerName: names.internalPool,
    hasTrace,
  })
  const fabrikamSite = await planOrganisation(rack, {
    domain: 'fabrikam.example',
    edgeHost: names.partner,
    users: ['bob', 'berta'],
    authority: fabrikamCa,
    trusted: [contosoCa],
    peerDomains: ['contoso.example', ...(plan.moreDomains ?? [])],
    peerName: names.pool,
    hasTrace,
  })
  const order = await gateOrder(rack, plan, { insideCa, contosoCa, fabrikamCa, externalPort, internalPort, contosoSite, fabrikamSite })
  const gates: RunningGate[] = []
  for (const [index, address] of addresses.entries()) {
    gates.push(rack.add(await startGate(rack.path(`gate-${index}`), `gate-${index}`, order(address, `replica-${index}`))))
  }
  const phonesOf = (users: readonly string[]): string[] => users.filter((user) => !(plan.otherPhones ?? []).includes(user))
  const contoso = await startOrganisation(
    rack,
    contosoSite,
    { host: names.internalPool, port: internalPort, addresses: addresses.slice(0, 1) },
    { phonesFor: phonesOf(contosoSite.plan.users) },
  )
  const fabrikam = await startOrganisation(
    rack,
    fabrikamSite,
    { host: names.pool, port: externalPort, addresses: addresses.slice(0, 1) },
    { phonesFor: phonesOf(fabrikamSite.plan.users) },
  )
  return {
    gates,
    addresses,
    contoso,
    fabrikam,
    leadPoolTo: (to) => {
      contoso.kamailio.setHost(names.internalPool, to)
      fabrikam.kamailio.setHost(names.pool, to)
    },
  }
}

interface Parts {
  readonly insideCa: Authority
  readonly contosoCa: Authority
  readonly fabrikamCa: Authority
  readonly externalPort: number
  readonly internalPort: number
  readonly contosoSite: OrganisationSite
  readonly fabrikamSite: OrganisationSite
}

async function gateOrder(rack: PeerRack, plan: FederationPlan, parts: Parts): Promise<(address: string, replica: string) => GateOrder> {
  const external = issueFiles(rack.path('gate-external'), parts.contosoCa, names.pool, [parts.fabrikamCa])
  const internal = issueFiles(rack.path('gate-internal'), parts.insideCa, names.internalPool)
  const tokenKeyFile = rack.path('route-token.key')
  writeFileSync(tokenKeyFile, randomBytes(32))
  const partnerPort = parts.fabrikamSite.tlsPort
  const dnsServer = plan.dnsServer === undefined ? await labDns(rack) : await plan.dnsServer({ partnerPort })
  const partner = (plan.partnerPolicy ?? ((port: number) => ({ edge: `${names.partner}:${port}` })))(partnerPort)
  return (address, replica) => ({
    ...(plan.hasOutbox === true ? { outbox: { file: rack.path(`outbox-${replica}.db`) } } : {}),
    policy: policyWith(partner, plan) + (plan.morePolicy ?? ''),
    ...(plan.bridge === undefined ? {} : { bridge: plan.bridge }),
    hasNetworkDouble: plan.hasNetworkDouble ?? false,
    config: {
      replica,
      externalEdge: { name: names.pool, listen: { address, port: parts.externalPort }, certificate: pairOf(external) },
      internalEdge: {
        name: names.internalPool,
        listen: { address, port: parts.internalPort },
        certificate: pairOf(internal),
        nextHop: { host: names.home, port: parts.contosoSite.tlsPort, links: 1, ...plan.nextHop },
      },
      trust: [
        { name: 'partners', files: [external.caFile] },
        { name: 'inside', files: [internal.caFile] },
      ],
      dns: { servers: [dnsServer] },
      routing: { tokenKeyFile },
      drain: { graceMs: 0, finishMs: 0, closeMs: 0 },
    },
  })
}

async function labDns(rack: PeerRack): Promise<string> {
  const dns = new DnsServer()
  rack.onStop(() => dns.stop())
  const at = await dns.start()
  for (const host of [names.home, names.partner]) dns.zone.setAddresses(host, ['127.0.0.1'])
  return `${at.address}:${at.port}`
}

function pairOf(files: { certFile: string; keyFile: string }): { certFile: string; keyFile: string } {
  return { certFile: files.certFile, keyFile: files.keyFile }
}

function policyWith(fabrikam: object, plan: FederationPlan): string {
  const { dialect = 'standard', unverified = { message: 'deliver', presence: 'allow' }, queuesInside = false } = plan
  return contosoPolicy({
    settings: { unverified },
    archiving: { duty: 'off' },
    inside: queuesInside ? { queue: {} } : {},
    fabrikam: { ...fabrikam, dialect },
  })
}
