import { createServer, type Server, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { type DoctorCode, type ExaminationOptions, runDoctor, type StepReport } from '@gatehouse/doctor'
import { createStandaloneDoctorGate } from '@gatehouse/federation-peer'
import { Authority, type CertificateOptions, DnsServer, type Issued } from '@gatehouse/lab'
import { freePort } from '../peers-kit/free-port.ts'
import { echo, type Manners, SipDouble } from './sip-double.ts'

const DAY_MS = 86_400_000

/** Nothing runs into these on loopback but what is silent on purpose; such a case brings a limit of its own. */
const TIMEOUT_MS = 20_000
const DNS_TIMEOUT_MS = 5_000

/** Everybody that a partner of the table may be vouched for by. */
export interface Authorities {
  readonly trusted: Authority
  readonly issuing: Authority
  /** In our trust store, with a list that is out of date. */
  readonly stale: Authority
  readonly constrained: Authority
  readonly stranger: Authority
}

/** One partner of the table while it is set up: its domain, and what can be wrong about it. */
export interface Bed {
  readonly domain: string
  /** The host that its record names, as a rule. */
  readonly host: string
  readonly authorities: Authorities
  readonly dns: DnsServer
  readonly nowMs: number
  /** A TLS edge at a free port; with a good certificate unless `certificate` says otherwise. */
  edge(options?: { certificate?: Issued; tls?: TlsOptions; manners?: Manners }): Promise<number>
  /** A certificate by the trusted authority, good but for what the options say. */
  issue(options?: CertificateOptions): Issued
  /** Something else than TLS at a free port. */
  plain(onConnection: (socket: Socket) => void): Promise<number>
  /** A port where nothing listens. */
  deadPort(): Promise<number>
  /** The SRV record of the domain, and an address for each host in it. */
  publish(port: number, host?: string): void
}

export interface Case {
  readonly name: string
  /** Of the first step that is not well; empty: all is well. */
  readonly code: DoctorCode | ''
  readonly overall: 'ok' | 'warn' | 'fail'
  readonly setUp: (bed: Bed) => Promise<void> | void
  /** Other than the defaults of the run. */
  readonly options?: Partial<ExaminationOptions>
}

const ADDRESS = '127.0.0.1'

/** Where the partners of the table are examined: one name server, a few authorities, one doctor. */
export class Clinic {
  readonly dns = new DnsServer()
  readonly authorities: Authorities
  /** What a partner has to trust, to trust us. */
  readonly ours = Authority.create({ name: 'Contoso Federation CA' })
  readonly #own: Issued
  readonly #crls: readonly string[]
  readonly #stops: (() => Promise<void> | void)[] = []

  constructor() {
    const nowMs = Date.now()
    // older than any certificate of the table
    const trusted = Authority.create({ name: 'Partners Root', notBefore: new Date(nowMs - 400 * DAY_MS) })
    const stale = Authority.create({ name: 'Partners Old Root' })
    this.authorities = {
      trusted,
      stale,
      issuing: trusted.intermediate({ name: 'Partners Issuing' }),
      constrained: trusted.intermediate({ name: 'Constrained Issuing', nameConstraints: { permitted: { dns: ['example.org'] } } }),
      stranger: Authority.create({ name: 'Nobody knows this root' }),
    }
    this.#own = this.ours.issue({ dns: ['sip.contoso.example'] })
    this.#crls = [stale.crlPem({ thisUpdate: new Date(nowMs - 9 * DAY_MS), nextUpdate: new Date(nowMs - 2 * DAY_MS) })]
  }

  async open(): Promise<void> {
    await this.dns.start()
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop()
    await this.dns.stop()
  }

  bed(domain: string): Bed {
    const { authorities, dns } = this
    const host = `sip.${domain}`
    const issue = (options: CertificateOptions = {}): Issued => authorities.trusted.issue({ dns: [host], ...options })
    return {
      domain,
      host,
      authorities,
      dns,
      nowMs: Date.now(),
      issue,
      edge: ({ certificate = issue(), tls = {}, manners = echo } = {}) => this.#edge(certificate, tls, manners),
      plain: (onConnection) => this.#plain(onConnection),
      deadPort: () => freePort(ADDRESS),
      publish: (port, to = host) => {
        dns.zone.setFederation(domain, [{ host: to, port }])
        dns.zone.setAddresses(to, [ADDRESS])
      },
    }
  }

  /** Examines a domain as a doctor without a gate does; `own`: with another certificate of ours. */
  async examine(domain: string, options: Partial<ExaminationOptions> = {}, own: Issued = this.#own): Promise<readonly StepReport[]> {
    const gate = createStandaloneDoctorGate({
      ownName: 'sip.contoso.example',
      certificate: { name: 'own.pem', bytes: Buffer.from(own.chainPem) },
      key: { name: 'own.key', bytes: Buffer.from(own.keyPem) },
      trust: [
        {
          name: 'partners',
          files: [this.authorities.trusted, this.authorities.stale].map((authority) => ({
            name: authority.name,
            bytes: Buffer.from(authority.certPem),
          })),
        },
      ],
      crls: [...this.#crls, this.authorities.trusted.crlPem()].map((pem) => ({ name: 'list.crl', bytes: Buffer.from(pem) })),
      revocation: 'whenPresent',
      dns: { servers: [this.dns.server], timeoutMs: Math.min(DNS_TIMEOUT_MS, options.timeoutMs ?? TIMEOUT_MS), tries: 1, maxTtlS: 60 },
      nowMs: Date.now,
    })
    const reports: StepReport[] = []
    const examination = { domain, from: 'doctor@contoso.example', echoTo: `echo@${domain}`, timeoutMs: TIMEOUT_MS, ...options }
    for await (const report of runDoctor(gate, examination)) reports.push(report)
    return reports
  }

  async #edge(certificate: Issued, tls: TlsOptions, manners: Manners): Promise<number> {
    const double = new SipDouble({
      address: ADDRESS,
      manners,
      tls: { cert: certificate.chainPem, key: certificate.keyPem, requestCert: true, ca: this.ours.certPem, ...tls },
    })
    const port = await double.start()
    this.#stops.push(() => double.stop())
    return port
  }

  async #plain(onConnection: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>()
    const server: Server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      onConnection(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve))
    this.#stops.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const bound = server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  }
}
