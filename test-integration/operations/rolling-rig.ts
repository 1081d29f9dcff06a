import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { CLI } from '../chaos/rig.ts'
import { names, type Sites } from '../chaos/sites.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type ManagedProcess, startProcess } from '../peers-kit/managed-process.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { type BalancedReplica, isReady } from './tcp-balancer.ts'

const READY_TIMEOUT_MS = 60_000

export interface RollingPlan {
  readonly sites: Sites
  readonly natsServer: string
  /** Connection strings of databases that exist. */
  readonly policyDatabase: string
  readonly archiveDatabase: string
}

/** One replica of one service, which can be restarted as a cluster does it: SIGTERM, wait for its end, start, wait until it is ready. */
export class RollingReplica implements BalancedReplica {
  readonly service: string
  readonly name: string
  readonly port: number
  readonly internalPort: number
  readonly healthPort: number
  readonly #rack: PeerRack
  readonly #configFile: string
  #process: ManagedProcess | undefined
  #starts = 0
  /** Milliseconds from the start of the process to `/readyz` 200, of the last start. */
  readyAfterMs = 0

  constructor(rack: PeerRack, service: string, name: string, ports: readonly [number, number, number], configFile: string) {
    this.service = service
    this.name = name
    this.port = ports[0]
    this.internalPort = ports[1]
    this.healthPort = ports[2]
    this.#rack = rack
    this.#configFile = configFile
  }

  get controlSocket(): string {
    return this.#rack.path(`${this.name}/.gatehouse/${this.service}.sock`)
  }

  async start(): Promise<void> {
    const startedMs = performance.now()
    this.#starts++
    this.#process = await startProcess({
      name: this.name,
      command: process.execPath,
      args: [...CLI, 'service', this.service, '--config', this.#configFile],
      cwd: this.#rack.path(this.name),
      env: { NODE_COMPILE_CACHE: this.#rack.path('compiled') },
      logFile: this.#rack.path(`${this.name}/run-${this.#starts}.log`),
      ready: { line: /control +unix:/ },
      readyTimeoutMs: READY_TIMEOUT_MS,
    })
    while (!(await isReady(this.healthPort))) {
      if (performance.now() - startedMs > READY_TIMEOUT_MS) throw new Error(`${this.name} was not ready within ${READY_TIMEOUT_MS} ms`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    this.readyAfterMs = performance.now() - startedMs
  }

  /** Gives the exit code of the one that went. */
  async restart(): Promise<number | null> {
    this.#process?.signal('SIGTERM')
    const code = (await this.#process?.ended) ?? null
    await this.start()
    return code
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }
}

/** Writes what each replica is started with: two of each service, over NATS and PostgreSQL. */
export async function planReplicas(rack: PeerRack, plan: RollingPlan): Promise<RollingReplica[]> {
  const { sites } = plan
  const file = (name: string, text: string): string => {
    writeFileSync(rack.path(name), text, { mode: 0o600 })
    return rack.path(name)
  }
  const pair = (name: string, host: string): string => {
    const issued = sites.authority.issue({ dns: [host] })
    return `{ certFile: ${file(`${name}.pem`, issued.chainPem)}, keyFile: ${file(`${name}.key`, issued.keyPem)} }`
  }
  const shared = {
    external: pair('external', names.external),
    internal: pair('internal', names.internal),
    ca: file('ca.pem', sites.caPem),
    token: file('route-token.key', randomBytes(32).toString('hex')),
    policyUrl: file('policy.url', plan.policyDatabase),
    archiveUrl: file('archive.url', plan.archiveDatabase),
  }
  const replicas: RollingReplica[] = []
  for (const service of ['policy', 'archive', 'federation-peer']) {
    for (const at of [0, 1]) {
      const name = `${service}-${at}`
      const ports = (await freePorts(3)) as [number, number, number]
      mkdirSync(rack.path(name), { recursive: true })
      const config = file(
        `${name}/gatehouse.yaml`,
        `stateDir: ${rack.path(name)}/state
bus: { driver: nats, servers: ["${plan.natsServer}"] }
telemetry: { health: { port: ${ports[2]} } }
policy: { postgres: { urlFile: ${shared.policyUrl} }, signingKeyFile: ${rack.path('policy.signing')} }
archive: { postgres: { urlFile: ${shared.archiveUrl} }, signingKeyFile: ${rack.path('archive.signing')}, checkpoint: { everyMs: 2000 } }
federationPeer:
  replica: ${name}
  externalEdge: { name: ${names.external}, listen: { address: 127.0.0.1, port: ${ports[0]} }, certificate: ${shared.external} }
  internalEdge:
    name: ${names.internal}
    listen: { address: 127.0.0.1, port: ${ports[1]} }
    certificate: ${shared.internal}
    nextHop: { host: ${names.home}, port: ${sites.homeWire.port} }
  trust: [{ name: lab, files: [${shared.ca}] }]
  dns: { servers: ["${sites.dnsServer}"] }
  routing: { tokenKeyFile: ${shared.token} }
  policy: { publicKeyFile: ${rack.path('policy.signing')}.pub }
  drain: { graceMs: 500, closeMs: 2000, finishMs: 5000 }
`,
      )
      replicas.push(rack.add(new RollingReplica(rack, service, name, ports, config)))
    }
  }
  return replicas
}
