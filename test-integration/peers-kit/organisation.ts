import { mkdirSync } from 'node:fs'
import type { Authority } from '@gatehouse/lab'
import { type CertificateFiles, issueFiles } from './certificates.ts'
import { freePorts } from './free-port.ts'
import { type Kamailio, startKamailio } from './kamailio.ts'
import type { KamailioPlan } from './kamailio-config.ts'
import type { PeerRack } from './peer-rack.ts'
import { UdpPhone } from './udp-phone.ts'

export interface OrganisationPlan {
  readonly domain: string
  readonly edgeHost: string
  readonly users: readonly string[]
  readonly authority: Authority
  /** Roots it takes peers from; default: its own authority. */
  readonly trusted?: readonly Authority[]
  readonly peerDomains: readonly string[]
  readonly peerName?: string
  readonly address?: string
  readonly hasTrace?: boolean
}

/** Ports and certificates of an organisation that runs on Kamailio; known before it starts, since the two sides name each other. */
export interface OrganisationSite {
  readonly plan: OrganisationPlan
  readonly address: string
  readonly tlsPort: number
  readonly usersPort: number
  readonly phonePorts: Readonly<Record<string, number>>
  readonly certificate: CertificateFiles
  readonly folder: string
}

export interface Organisation {
  readonly site: OrganisationSite
  readonly kamailio: Kamailio
  readonly phones: Readonly<Record<string, UdpPhone>>
}

export async function planOrganisation(rack: PeerRack, plan: OrganisationPlan): Promise<OrganisationSite> {
  const folder = rack.path(plan.domain)
  mkdirSync(folder, { recursive: true })
  const address = plan.address ?? '127.0.0.1'
  const [tlsPort, usersPort, ...phonePorts] = await freePorts(2 + plan.users.length, address)
  return {
    plan,
    address,
    tlsPort: tlsPort as number,
    usersPort: usersPort as number,
    phonePorts: Object.fromEntries(plan.users.map((user, index) => [user, phonePorts[index] as number])),
    certificate: issueFiles(folder, plan.authority, plan.edgeHost, plan.trusted ?? [plan.authority]),
    folder,
  }
}

/** Starts Kamailio and the users' telephones; everything is stopped with the rack. */
export async function startOrganisation(
  rack: PeerRack,
  site: OrganisationSite,
  gate: { readonly host: string; readonly port: number; readonly addresses: readonly string[] },
  options: { readonly phonesFor?: readonly string[] } = {},
): Promise<Organisation> {
  const { plan } = site
  const kamailioPlan: KamailioPlan = {
    domain: plan.domain,
    edgeHost: plan.edgeHost,
    tls: { address: site.address, port: site.tlsPort },
    users: { address: '127.0.0.1', port: site.usersPort },
    contacts: Object.fromEntries(plan.users.map((user) => [user, `sip:127.0.0.1:${site.phonePorts[user]};transport=udp`])),
    gate: { host: gate.host, port: gate.port },
    peerName: plan.peerName,
    peerDomains: plan.peerDomains,
    certificate: site.certificate,
    folder: site.folder,
    hasPresence: true,
    hasTrace: plan.hasTrace ?? false,
  }
  const kamailio = rack.add(await startKamailio(kamailioPlan))
  kamailio.setHost(gate.host, gate.addresses)
  kamailio.setHost(plan.edgeHost, [site.address])
  const phones: Record<string, UdpPhone> = {}
  for (const user of options.phonesFor ?? plan.users) {
    phones[user] = rack.add(
      await UdpPhone.open({
        user,
        domain: plan.domain,
        proxy: { address: '127.0.0.1', port: site.usersPort },
        port: site.phonePorts[user] as number,
      }),
    )
  }
  return { site, kamailio, phones }
}
