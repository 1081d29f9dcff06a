import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatProblem, loadConfig } from '@gatehouse/config'
import { errorsOf } from '@gatehouse/errors'
import { type Authority, HomeServer } from '@gatehouse/lab'
import { PolicyAdminService } from '@gatehouse/proto'
import type { RpcConnection } from '@gatehouse/rpc'
import { connectRpc } from '@gatehouse/rpc'
import { createLogger, MetricsRegistry } from '@gatehouse/telemetry'
import { cliCodes } from '../errors.ts'
import { gatehouseConfig } from '../up/gatehouse-config.ts'
import { buildGateway, type Gateway, type Place } from '../up/gateway.ts'
import { isOutboxOn, openBus } from '../up/open-bus.ts'
import { demoConfig } from './demo-config.ts'

const cliError = errorsOf(cliCodes)

export interface OrganisationOptions {
  readonly name: string
  readonly domain: string
  readonly authority: Authority
  readonly externalAddress: string
  readonly internalAddress: string
  readonly homeAddress: string
  /** Made here: certificates, state, log and the control socket unless `control` says otherwise. */
  readonly folder: string
  readonly control: string
  readonly dnsServer: string
  /** Port for XMPP servers; undefined: it has no public network. */
  readonly xmppPort?: number | undefined
}

/** One organisation with its own Gatehouse and, behind it, its home server. */
export class Organisation {
  readonly name: string
  readonly domain: string
  readonly home: HomeServer
  readonly control: string
  readonly configFile: string
  readonly logFile: string
  /** Its edges, as they listen. */
  readonly external: Place
  readonly internal: Place
  readonly connection: RpcConnection
  readonly #gateway: Gateway
  readonly #closeLog: () => void

  private constructor(
    options: OrganisationOptions,
    parts: {
      home: HomeServer
      gateway: Gateway
      external: Place
      internal: Place
      configFile: string
      logFile: string
      closeLog: () => void
    },
  ) {
    this.name = options.name
    this.domain = options.domain
    this.control = options.control
    this.home = parts.home
    this.configFile = parts.configFile
    this.logFile = parts.logFile
    this.external = parts.external
    this.internal = parts.internal
    this.#gateway = parts.gateway
    this.#closeLog = parts.closeLog
    this.connection = connectRpc(options.control, { deadlineMs: 5_000 })
  }

  /** Writes its files, starts the home server and the gateway. */
  static async start(options: OrganisationOptions): Promise<Organisation> {
    const { domain, authority, folder } = options
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeCertificate(folder, 'external', authority, `sip.${domain}`)
    writeCertificate(folder, 'internal', authority, `gate.${domain}`)
    writeFileSync(join(folder, 'ca.pem'), authority.certificate.certPem)
    const home = startableHome(options)
    await home.start()
    const configFile = join(folder, 'gatehouse.yaml')
    const { externalAddress, internalAddress, control, dnsServer, xmppPort } = options
    // XMPP servers look for the domain itself in a certificate, SIP partners for the name of the edge
    if (xmppPort !== undefined) writeCertificate(folder, 'xmpp', authority, domain)
    const yaml = demoConfig({ domain, externalAddress, internalAddress, homePort: home.port, folder, control, dnsServer, xmppPort })
    writeFileSync(configFile, yaml)
    const loaded = loadConfig(gatehouseConfig, yaml, configFile)
    if (!loaded.ok) throw cliError('GH-CLI-CONFIG', loaded.problems.map(formatProblem).join('; '))
    const logFile = join(folder, 'gatehouse.log')
    const stream = createWriteStream(logFile)
    const log = createLogger({ service: options.name, level: loaded.config.telemetry.log.level, destination: stream })
    const bus = await openBus(loaded.config, domain, isOutboxOn(loaded.config, ['federation-peer']))
    const gateway = await buildGateway(loaded.config, { bus, log, metrics: new MetricsRegistry() })
    const { external, internal } = await gateway.start().catch(async (thrown: unknown) => {
      await home.stop()
      stream.end()
      throw thrown
    })
    if (external === undefined || internal === undefined) throw cliError('GH-CLI-DEMO-ACT', `${domain}: the edges do not listen`)
    home.setNextHop({ host: `gate.${domain}`, ...internal })
    return new Organisation(options, { home, gateway, external, internal, configFile, logFile, closeLog: () => stream.end() })
  }

  /** Applies a policy document, as `gatehouse apply` does; throws when it has mistakes. */
  async apply(name: string, text: string, options: { prune?: boolean; reason: string }): Promise<bigint> {
    const response = await this.connection.client(PolicyAdminService).apply({
      files: [{ name, text }],
      author: 'demo',
      reason: options.reason,
      prune: options.prune ?? false,
    })
    const problem = response.problems.find((candidate) => candidate.severity === 'error')
    if (problem !== undefined) throw cliError('GH-CLI-CONFIG', `${problem.file}:${problem.line}: ${problem.message}`)
    return response.revision
  }

  async stop(): Promise<void> {
    this.connection.close()
    await this.home.stop()
    await this.#gateway.stop()
    this.#closeLog()
  }
}

function startableHome(options: OrganisationOptions): HomeServer {
  const host = `home.${options.domain}`
  return new HomeServer({
    domain: options.domain,
    host,
    address: options.homeAddress,
    port: 0,
    certificate: options.authority.issue({ dns: [host] }),
    caPem: options.authority.certificate.certPem,
  })
}

function writeCertificate(folder: string, name: string, authority: Authority, host: string): void {
  const issued = authority.issue({ dns: [host] })
  writeFileSync(join(folder, `${name}.pem`), issued.chainPem)
  writeFileSync(join(folder, `${name}.key`), issued.keyPem, { mode: 0o600 })
}
