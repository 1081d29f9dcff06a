import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Authority, DnsServer, HomeServer } from '@gatehouse/lab'
import { commands, runCli } from 'gatehouse'
import { freePort } from '../peers-kit/free-port.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'

export interface CliRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface GateSite {
  readonly domain: string
  readonly folder: string
  readonly control: string
  readonly externalPort: number
  /** Runs a command against this gate. */
  readonly cli: (...args: string[]) => Promise<CliRun>
  readonly apply: (policy: string) => Promise<void>
}

export interface SitePlan {
  readonly domain: string
  readonly policy: string
  readonly hasEcho?: boolean
  readonly crlFile?: string
}

/** One authority, one name server: what the gates of a test share. */
export class GateYard {
  readonly rack: PeerRack
  readonly authority = Authority.create({ name: 'Lab Root' })
  readonly dns = new DnsServer()

  constructor(rack: PeerRack) {
    this.rack = rack
  }

  async open(): Promise<void> {
    await this.dns.start()
    this.rack.onStop(() => this.dns.stop())
  }

  /** A whole organisation in this process: home server and gateway, run by the command line as an operator would. */
  async addGate({ domain, policy, hasEcho = false }: SitePlan): Promise<GateSite> {
    const folder = this.rack.path(domain)
    mkdirSync(folder, { recursive: true })
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const home = this.rack.add(
      new HomeServer({
        domain,
        host: `home.${domain}`,
        address: '127.0.0.1',
        port: 0,
        certificate: this.authority.issue({ dns: [`home.${domain}`] }),
        caPem: this.authority.certPem,
      }),
    )
    await home.start()
    home.addUser('alice')
    this.dns.zone.setAddresses(`home.${domain}`, ['127.0.0.1'])
    write('ca.pem', this.authority.certPem)
    for (const [name, host] of [
      ['external', `sip.${domain}`],
      ['internal', `gate.${domain}`],
    ] as const) {
      const issued = this.authority.issue({ dns: [host] })
      write(`${name}.pem`, issued.chainPem)
      write(`${name}.key`, issued.keyPem)
    }
    const control = `unix:${join(folder, 'c.sock')}`
    const externalPort = await freePort()
    const edge = (side: string, host: string, port: number): object => ({
      name: host,
      listen: { address: '127.0.0.1', port },
      certificate: { certFile: join(folder, `${side}.pem`), keyFile: join(folder, `${side}.key`) },
    })
    // YAML 1.2 is a superset of JSON
    const config = {
      control: { listen: control },
      telemetry: { log: { level: 'error' } },
      stateDir: join(folder, 'state'),
      federationPeer: {
        replica: domain,
        externalEdge: edge('external', `sip.${domain}`, externalPort),
        internalEdge: { ...edge('internal', `gate.${domain}`, 0), nextHop: { host: `home.${domain}`, port: home.port } },
        trust: [
          { name: 'lab', files: [join(folder, 'ca.pem')] },
          { name: 'other', files: [write('other.pem', Authority.create({ name: `Other of ${domain}` }).certPem)] },
        ],
        dns: { servers: [this.dns.server] },
        echo: { enabled: hasEcho },
        drain: { graceMs: 0, finishMs: 1000, closeMs: 0 },
      },
    }
    this.dns.zone.setFederation(domain, [{ host: `sip.${domain}`, port: externalPort }])
    this.dns.zone.setAddresses(`sip.${domain}`, ['127.0.0.1'])
    await this.#run(folder, write('gatehouse.yaml', JSON.stringify(config)), write('policy.yaml', policy))
    const cli = (...args: string[]): Promise<CliRun> => run(folder, [...args, '--connect', control]).done
    const apply = async (text: string): Promise<void> => {
      const { code, out, err } = await cli('apply', '--prune', '-f', write('policy.yaml', text))
      if (code !== 0) throw new Error(out + err)
    }
    return { domain, folder, control, externalPort, cli, apply }
  }

  async #run(folder: string, configFile: string, policyFile: string): Promise<void> {
    const stop = new AbortController()
    const { ready, done } = run(folder, ['up', '--config', configFile, '--policy', policyFile, '--json'], stop.signal)
    this.rack.onStop(async () => {
      stop.abort()
      await done
    })
    await Promise.race([
      ready,
      done.then(({ err, out }) => {
        throw new Error(err + out)
      }),
    ])
  }
}

/** `ready`: something was written to standard output. */
export function run(
  cwd: string,
  args: readonly string[],
  stop: AbortSignal = new AbortController().signal,
): { readonly ready: Promise<void>; readonly done: Promise<CliRun> } {
  let out = ''
  let err = ''
  const first = Promise.withResolvers<void>()
  const io = {
    out: {
      write: (text: string): void => {
        out += text
        first.resolve()
      },
    },
    err: {
      write: (text: string): void => {
        err += text
      },
    },
    readInput: async (): Promise<string> => '',
    env: {},
    cwd,
    userName: 'tester',
    isTerminal: false,
    isErrorTerminal: false,
    stop,
    nowMs: Date.now,
  }
  return { ready: first.promise, done: runCli(commands, args, io).then((code) => ({ code, out, err })) }
}
