import { Authority, DnsServer, HomeServer } from '@gatehouse/lab'
import { type CertificateFiles, issueFiles } from './certificates.ts'
import { freePorts } from './free-port.ts'
import type { PeerRack } from './peer-rack.ts'

/** Contoso's home server inside, and Fabrikam's server, which is a home server that speaks to our external edge; mutual TLS by one authority. */
export interface HomePair {
  readonly home: HomeServer
  readonly partner: HomeServer
  /** Section `federationPeer` of the gate between them. */
  readonly edge: object
}

/** The gate's certificates are put into the folder of the rack. */
export async function startHomePair(rack: PeerRack): Promise<HomePair> {
  const authority = Authority.create({ name: 'Lab Root' })
  const dns = rack.add(new DnsServer())
  await dns.start()
  const [external, internal] = (await freePorts(2)) as [number, number]
  const server = async (domain: string, host: string, gate: { host: string; port: number }): Promise<HomeServer> => {
    const started = new HomeServer({
      domain,
      host,
      address: '127.0.0.1',
      port: 0,
      certificate: authority.issue({ dns: [host] }),
      caPem: authority.certificate.certPem,
      nextHop: { ...gate, address: '127.0.0.1' },
    })
    await started.start()
    dns.zone.setAddresses(host, ['127.0.0.1'])
    return rack.add(started)
  }
  const home = await server('contoso.example', 'home.contoso.example', { host: 'gate.contoso.example', port: internal })
  const partner = await server('fabrikam.example', 'sip.fabrikam.example', { host: 'sip.contoso.example', port: external })
  const files = (name: string): CertificateFiles => issueFiles(rack.folder, authority, name)
  const edgeOf = (name: string, port: number, { certFile, keyFile }: CertificateFiles): object => ({
    name,
    listen: { address: '127.0.0.1', port },
    certificate: { certFile, keyFile },
  })
  const [outside, inside] = [files('sip.contoso.example'), files('gate.contoso.example')]
  const edge = {
    externalEdge: edgeOf('sip.contoso.example', external, outside),
    internalEdge: {
      ...edgeOf('gate.contoso.example', internal, inside),
      nextHop: { host: 'home.contoso.example', port: home.port },
    },
    trust: [{ name: 'lab', files: [outside.caFile] }],
    dns: { servers: [dns.server] },
    drain: { graceMs: 0, closeMs: 0 },
  }
  return { home, partner, edge }
}
