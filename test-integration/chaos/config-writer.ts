import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { GIVEN_UP } from './ledger.ts'
import { names, type Sites } from './sites.ts'

/** A notice that says which message it is about. */
const TOLD = `"${GIVEN_UP} {reference}"`

export interface ProcessConfig {
  readonly ports: { readonly external: number; readonly internal: number }
  readonly bus: string
  /** Absent where policy runs in the same process. */
  readonly policyKeyFile?: string
  /** Sections of policy and archive. */
  readonly stores: string
}

/** Sections for a process with SQLite, in its state folder. */
export const SQLITE_STORES = 'archive: { checkpoint: { everyMs: 2000 } }'

/** Writes the configuration of each process; certificates and keys are shared by all of them. */
export class ConfigWriter {
  readonly #rack: PeerRack
  readonly #sites: Sites
  readonly #external: string
  readonly #internal: string
  readonly #caFile: string
  readonly #tokenKeyFile: string
  readonly #hasOutbox: boolean

  constructor(rack: PeerRack, sites: Sites, hasOutbox: boolean) {
    this.#hasOutbox = hasOutbox
    this.#rack = rack
    this.#sites = sites
    this.#external = this.#pair('external', names.external)
    this.#internal = this.#pair('internal', names.internal)
    this.#caFile = this.#file('ca.pem', sites.caPem)
    this.#tokenKeyFile = this.#file('route-token.key', randomBytes(32).toString('hex'))
  }

  write(name: string, { ports, bus, policyKeyFile, stores }: ProcessConfig): string {
    const folder = this.#rack.path(name)
    mkdirSync(folder, { recursive: true })
    return this.#file(
      `${name}/gatehouse.yaml`,
      `stateDir: ${folder}/state
bus: ${bus}
${stores}
outbox: { enabled: ${this.#hasOutbox} }
federationPeer:
  replica: ${name}
  externalEdge: { name: ${names.external}, listen: { address: 127.0.0.1, port: ${ports.external} }, advertisedPort: 5061, certificate: ${this.#external} }
  internalEdge:
    name: ${names.internal}
    listen: { address: 127.0.0.1, port: ${ports.internal} }
    advertisedPort: 5061
    certificate: ${this.#internal}
    nextHop: { host: ${names.home}, port: ${this.#sites.homeWire.port} }
  trust: [{ name: lab, files: [${this.#caFile}] }]
  dns: { servers: ["${this.#sites.dnsServer}"] }
  routing: { tokenKeyFile: ${this.#tokenKeyFile} }
  archiveTimeoutMs: 3000
  outbox: { notice: { expired: ${TOLD}, failed: ${TOLD}, uncertain: ${TOLD} } }
${policyKeyFile === undefined ? '' : `  policy: { publicKeyFile: ${policyKeyFile} }\n`}  drain: { graceMs: 0, finishMs: 0, closeMs: 0 }
`,
    )
  }

  #pair(name: string, host: string): string {
    const issued = this.#sites.authority.issue({ dns: [host] })
    return `{ certFile: ${this.#file(`${name}.pem`, issued.chainPem)}, keyFile: ${this.#file(`${name}.key`, issued.keyPem)} }`
  }

  #file(name: string, text: string): string {
    const path = this.#rack.path(name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
}
