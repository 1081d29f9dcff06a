import { mkdirSync } from 'node:fs'
import type { TestContext } from '@gatehouse/bridge-kit/test'
import { Authority, DnsServer } from '@gatehouse/lab'
import type { XmppConfig, XmppConnector } from '@gatehouse/public-im-bridge'
import { type CertificateFiles, writeCertificate } from './certificates.ts'
import { freePorts } from './free-port.ts'
import type { PeerRack } from './peer-rack.ts'
import { startXmppConnector } from './xmpp-connector.ts'

/** What an XMPP network is made of: an authority, a name server, and the gate's connector without the bridge around it. */
export interface XmppSite {
  readonly authority: Authority
  readonly dns: DnsServer
  readonly context: TestContext
  readonly connector: XmppConnector
  /** A certificate for a server of that domain, with the authority as the only root it trusts. */
  certificateFor(domain: string, authority?: Authority): CertificateFiles
  /** Records of a server on loopback. */
  publish(domain: string, ports: { readonly starttls?: number; readonly direct?: number }): void
}

export interface XmppSiteOptions {
  readonly config?: Partial<XmppConfig>
  /** Authority of the gate's own certificate; default: the one everybody trusts. */
  readonly gateAuthority?: Authority
  readonly served?: readonly string[]
  /** What everybody trusts; default: one of its own. */
  readonly authority?: Authority
  /** Name server of the other side, where the gate is published. */
  readonly publishIn?: DnsServer
  /** More domains that the gate's certificate names. */
  readonly alsoCertified?: readonly string[]
  /** A resolver of the gate's own that validates; default: the site's name server, which signs nothing. */
  readonly validating?: string
  /** The name server of another site: both then know the same servers. */
  readonly dns?: DnsServer
}

/** Starts the connector for contoso.example; everything ends with the rack. */
export async function startXmppSite(rack: PeerRack, options: XmppSiteOptions = {}): Promise<XmppSite> {
  const authority = options.authority ?? Authority.create({ name: 'XMPP Lab' })
  const dns = options.dns ?? options.publishIn ?? (await startDns(rack))
  const folder = rack.path('xmpp')
  mkdirSync(folder, { recursive: true })
  const served = options.served ?? ['contoso.example']
  const own = writeCertificate(
    folder,
    'gate',
    (options.gateAuthority ?? authority).issue({ commonName: served[0] ?? '', dns: [...served, ...(options.alsoCertified ?? [])] }),
    [authority],
  )
  const [starttls, direct] = (await freePorts(2)) as [number, number]
  const publish: XmppSite['publish'] = (domain, ports) => {
    // The only name for loopback that every server can resolve: ejabberd asks the C library for addresses, which no configuration reaches.
    const target = (port: number) => [{ host: 'localhost', port }]
    dns.zone.setSrv(`_xmpp-server._tcp.${domain}`, ports.starttls === undefined ? [] : target(ports.starttls))
    dns.zone.setSrv(`_xmpps-server._tcp.${domain}`, ports.direct === undefined ? [] : target(ports.direct))
  }
  if (options.dns === undefined) for (const domain of served) publish(domain, { starttls, direct })
  const { connector, context, stop } = await startXmppConnector({
    served,
    certificate: own,
    rootPem: authority.certPem,
    nameServer: options.validating ?? dns.server,
    validating: options.validating,
    port: starttls,
    directPort: direct,
    ...(options.config === undefined ? {} : { config: options.config }),
  })
  rack.onStop(stop)
  const certificateFor: XmppSite['certificateFor'] = (domain, by = authority) =>
    writeCertificate(rack.path('certificates'), domain, by.issue({ commonName: domain, dns: [domain, `*.${domain}`] }), [authority])
  return { authority, dns, context, connector, certificateFor, publish }
}

async function startDns(rack: PeerRack): Promise<DnsServer> {
  const dns = rack.add(new DnsServer())
  await dns.start()
  return dns
}
