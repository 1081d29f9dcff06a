import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { Authority, DnsServer, type Issued } from '@gatehouse/lab'
import { issueFiles } from '../peers-kit/certificates.ts'
import { contosoPolicy, policyDocument } from '../peers-kit/contoso-policy.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type RunningGate, startGate } from '../peers-kit/gate.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { TlsHome } from '../peers-kit/tls-home.ts'
import type { Arena } from './attack.ts'
import { type CertificateCabinet, type CertificateName, openCabinet, PARTNER_EDGE } from './certificate-cabinet.ts'
import { attackLimits } from './connection-attacks.ts'
import { openTcp, RawPeer, type RawPeerOptions } from './raw-peer.ts'

const policyFor = (partnerPort: number, duty: string): string =>
  contosoPolicy({
    settings: { unverified: { message: 'deliver', presence: 'allow' } },
    archiving: { duty },
    fabrikam: { edge: `${PARTNER_EDGE}:${partnerPort}` },
  }) +
  policyDocument('Partner', 'litware', { domains: ['litware.example'], edge: 'sip.litware.example' }) +
  policyDocument('BlockEntry', 'blocked', { domain: 'blocked.example', owner: 'security', reason: 'phishing' })

/** The gate under attack: a real federation-peer process, an inside server, and every certificate a peer may turn up with. */
export class AttackArena implements Arena {
  readonly gate: RunningGate
  readonly home: TlsHome
  readonly outside: TlsHome
  readonly external: { readonly host: string; readonly port: number }
  readonly internal: { readonly host: string; readonly port: number }
  readonly cabinet: CertificateCabinet
  readonly #inside: Issued
  readonly #open: { stop(): void }[] = []

  constructor(
    gate: RunningGate,
    home: TlsHome,
    outside: TlsHome,
    ports: { external: number; internal: number },
    cabinet: CertificateCabinet,
    inside: Issued,
  ) {
    this.gate = gate
    this.home = home
    this.outside = outside
    this.external = { host: '127.0.0.1', port: ports.external }
    this.internal = { host: '127.0.0.1', port: ports.internal }
    this.cabinet = cabinet
    this.#inside = inside
  }

  async connect(as: CertificateName | 'none', options: Partial<RawPeerOptions> = {}): Promise<RawPeer> {
    const certificate = as === 'none' ? undefined : this.cabinet.certificates[as]
    const peer = await RawPeer.connect({ ...this.external, certificate, ...options })
    this.#open.push(peer)
    return peer
  }

  async connectInside(): Promise<RawPeer> {
    const peer = await RawPeer.connect({ ...this.internal, certificate: this.#inside })
    this.#open.push(peer)
    return peer
  }

  async connectTcp(): Promise<Socket> {
    const socket = await openTcp(this.external.host, this.external.port)
    this.#open.push({ stop: () => void socket.destroy() })
    return socket
  }

  insideCount(): number {
    return this.home.requests.length
  }

  lastOutside(): string {
    return this.outside.requests.at(-1)?.raw ?? ''
  }

  holdInside(): () => void {
    return this.home.hold()
  }

  /** Ends every connection that an attack opened. */
  hangUp(): void {
    for (const each of this.#open) each.stop()
    this.#open.length = 0
  }
}

export interface ArenaOptions {
  /** Archiving duty; default `off`. There is no archive on the bus unless `hasArchive`. */
  readonly duty?: 'off' | 'required'
  readonly hasArchive?: boolean
  readonly drain?: { readonly graceMs: number; readonly finishMs: number; readonly closeMs: number }
}

export async function startArena(rack: PeerRack, options: ArenaOptions = {}): Promise<AttackArena> {
  const cabinet = openCabinet(Date.now())
  const insideAuthority = Authority.create({ name: 'Inside CA' })
  const inside = insideAuthority.issue({ dns: ['home.contoso.example'] })
  const home = rack.add(await TlsHome.start(inside, insideAuthority.certPem))
  const outside = rack.add(await TlsHome.start(cabinet.certificates.partner, cabinet.trusted.certPem))
  const dns = new DnsServer()
  rack.onStop(() => dns.stop())
  const dnsAt = await dns.start()
  for (const host of ['home.contoso.example', PARTNER_EDGE]) dns.zone.setAddresses(host, ['127.0.0.1'])
  const [external, internal] = (await freePorts(2)) as [number, number]
  const externalFiles = issueFiles(rack.path('external'), cabinet.trusted, 'edge.contoso.example')
  const internalFiles = issueFiles(rack.path('internal'), insideAuthority, 'edge-in.contoso.example')
  writeFileSync(rack.path('partners.crl.pem'), cabinet.crlPem)
  const gate = rack.add(
    await startGate(rack.folder, 'gate', {
      policy: policyFor(outside.port, options.duty ?? 'off'),
      ...(options.hasArchive === true ? { archive: { folder: rack.path('archive') } } : {}),
      config: {
        externalEdge: {
          name: 'edge.contoso.example',
          listen: { address: '127.0.0.1', port: external },
          certificate: filesOf(externalFiles),
        },
        internalEdge: {
          name: 'edge-in.contoso.example',
          listen: { address: '127.0.0.1', port: internal },
          certificate: filesOf(internalFiles),
          nextHop: { host: 'home.contoso.example', port: home.port, links: 1 },
        },
        trust: [
          { name: 'partners', files: [externalFiles.caFile] },
          { name: 'inside', files: [internalFiles.caFile] },
        ],
        crlFiles: [rack.path('partners.crl.pem')],
        dns: { servers: [`${dnsAt.address}:${dnsAt.port}`] },
        limits: attackLimits,
        drain: options.drain ?? { graceMs: 0, finishMs: 0, closeMs: 0 },
      },
    }),
  )
  return new AttackArena(gate, home, outside, { external, internal }, cabinet, inside)
}

function filesOf(files: { certFile: string; keyFile: string }): { certFile: string; keyFile: string } {
  return { certFile: files.certFile, keyFile: files.keyFile }
}
