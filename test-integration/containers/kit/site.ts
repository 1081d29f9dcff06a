import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Authority, DnsServer, HomeServer } from '@gatehouse/lab'
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers'
import type { PeerRack } from '../../peers-kit/peer-rack.ts'
import { accepts, until } from './container-launch.ts'
import { ContainerPeer, type Place } from './container-peer.ts'
import { gateConfig, HEALTH_PORT, POLICY } from './gate-config.ts'
import { imageOf, type TestImages } from './images.ts'
import { busUser, natsConfig } from './nats-site.ts'
import { makeNetwork, removeLeftovers, type TestNetwork } from './networks.ts'

export type Service = 'policy' | 'archive' | 'federation-peer' | 'public-im-bridge'
export const SERVICES: readonly Service[] = ['policy', 'archive', 'federation-peer', 'public-im-bridge']

/** Last numbers of the static addresses; the same on every network. */
const LAST = { edge: 10, bridge: 11, policy: 20, archive: 21, nats: 30, postgres: 40, kamailio: 50, prosody: 60 } as const
const DATABASE_PASSWORD = 'of-a-test'

/**
 * An organisation in containers. Three networks, none with a way out: `perimeter` is what the world reaches, `inside` has the home server
 * (this process) and the bus, `data` has the database. Only the edge and the bridge stand in the perimeter, only policy and archive at the data.
 */
export class ContainerSite {
  readonly rack: PeerRack
  readonly client: ContainerRuntimeClient
  readonly images: TestImages
  readonly authority: Authority
  readonly dns: DnsServer
  readonly perimeter: TestNetwork
  readonly inside: TestNetwork
  readonly data: TestNetwork
  readonly home: HomeServer
  /** Bound to /etc/gatehouse of every service. */
  readonly etc: string

  private constructor(rack: PeerRack, client: ContainerRuntimeClient, images: TestImages, made: Made) {
    this.rack = rack
    this.client = client
    this.images = images
    this.authority = made.authority
    this.dns = made.dns
    this.perimeter = made.perimeter
    this.inside = made.inside
    this.data = made.data
    this.home = made.home
    this.etc = rack.path('etc')
  }

  /** Networks, name server, home server and every file; no container yet. */
  static async plan(rack: PeerRack, images: TestImages): Promise<ContainerSite> {
    const client = await getContainerRuntimeClient()
    await removeLeftovers(client)
    // bind mounts are read by other users than the one of this process
    chmodSync(rack.folder, 0o755)
    const perimeter = rack.add(await makeNetwork(client, 'perimeter'))
    const inside = rack.add(await makeNetwork(client, 'inside'))
    const data = rack.add(await makeNetwork(client, 'data'))
    const dns = rack.add(new DnsServer())
    await dns.start(0, perimeter.host)
    const authority = Authority.create({ name: 'Container Lab' })
    const home = rack.add(
      new HomeServer({
        domain: 'contoso.example',
        host: 'home.contoso.example',
        address: inside.host,
        port: 0,
        certificate: authority.issue({ dns: ['home.contoso.example'] }),
        caPem: authority.certPem,
        nextHop: { host: 'gate.contoso.example', address: inside.at(LAST.edge), port: 5062 },
      }),
    )
    await home.start()
    const site = new ContainerSite(rack, client, images, { authority, dns, perimeter, inside, data, home })
    site.#publish()
    site.#writeFiles()
    return site
  }

  /** Bus and database; returns when they serve. */
  async startBase(): Promise<{ nats: ContainerPeer; postgres: ContainerPeer }> {
    const nats = await this.#start('nats', this.images.nats, [this.#at(this.inside, 'nats', 'nats.contoso.example')], {
      command: ['-c', '/etc/gatehouse/nats.conf'],
      binds: [`${this.etc}:/etc/gatehouse:ro`],
      user: 'root',
    })
    const postgres = await this.#start('postgres', this.images.peers, [this.#at(this.data, 'postgres', 'postgres.contoso.example')], {
      entrypoint: ['/bin/bash', '/etc/gatehouse/postgres.sh'],
      binds: [`${this.etc}:/etc/gatehouse:ro`],
      user: 'postgres',
    })
    await until(nats, () => /Server is ready/.test(nats.output()))
    await until(postgres, () => accepts(this.data.at(LAST.postgres), 5432))
    return { nats, postgres }
  }

  placesOf(service: Service): readonly Place[] {
    if (service === 'policy' || service === 'archive') return [this.#at(this.inside, service), this.#at(this.data, service)]
    const number = service === 'federation-peer' ? 'edge' : 'bridge'
    return [this.#at(this.perimeter, number), this.#at(this.inside, number)]
  }

  /** The image of a service as it should be run; returns once its process runs. `etc` and `state` are host folders. */
  async startService(
    service: Service,
    options: { etc?: string; state?: string; isStateReadOnly?: boolean; name?: string; command?: readonly string[] } = {},
  ): Promise<ContainerPeer> {
    const name = options.name ?? service
    const state = options.state ?? this.makeFolder(`state-${name}`)
    return await this.#start(name, imageOf(service), this.placesOf(service), {
      binds: [
        `${options.etc ?? this.etcOf(service)}:/etc/gatehouse:ro`,
        `${state}:/var/lib/gatehouse:${options.isStateReadOnly === true ? 'ro' : 'rw'}`,
      ],
      isLocked: true,
      ...(options.command === undefined ? {} : { command: options.command }),
    })
  }

  /** Milliseconds from the start of its process to the first 200 of /readyz. */
  async untilReady(service: Service, peer: ContainerPeer): Promise<number> {
    await until(peer, async () => (await this.readiness(service)).status === 200)
    return Date.now() - (await peer.startedMs())
  }

  /** What /readyz says; status 0 while nobody answers. */
  async readiness(service: Service): Promise<{ status: number; text: string }> {
    const [place] = this.placesOf(service)
    try {
      const response = await fetch(`http://${place?.address}:${HEALTH_PORT}/readyz`, { signal: AbortSignal.timeout(2_000) })
      return { status: response.status, text: await response.text() }
    } catch {
      return { status: 0, text: '' }
    }
  }

  /** A folder that the services' user, and whoever looks, may write. */
  makeFolder(name: string): string {
    const folder = this.rack.path(name)
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o777)
    return folder
  }

  /** Secrets and configuration of one service: its own key for the bus, and no other's. */
  etcOf(service: Service, change: (text: string) => string = (text) => text): string {
    const folder = this.makeFolder(`etc-${service}-${randomBytes(3).toString('hex')}`)
    const names = { homePort: this.home.port, nameServer: this.dns.server, natsServer: 'nats.contoso.example:4222' }
    const put = (name: string, text: string | Uint8Array): void => writeFileSync(join(folder, name), text, { mode: 0o644 })
    put('gatehouse.yaml', change(gateConfig(service, names)))
    put('policy.yaml', POLICY)
    put('ca.pem', this.authority.certPem)
    for (const [name, text] of this.#secrets.get(service) ?? []) put(name, text)
    return folder
  }

  writeInto(folder: string, name: string, text: string | Uint8Array): void {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), 0o644)
  }

  /** A certificate and its key. */
  issueInto(folder: string, host: string): void {
    const issued = this.authority.issue({ commonName: host, dns: [host] })
    this.writeInto(folder, `${host}.pem`, issued.chainPem)
    this.writeInto(folder, `${host}.key`, issued.keyPem)
  }

  place(network: 'perimeter' | 'inside' | 'data', who: keyof typeof LAST): string {
    return this[network].at(LAST[who])
  }

  #at(network: TestNetwork, who: keyof typeof LAST, ...aliases: readonly string[]): Place {
    return { network, address: network.at(LAST[who]), aliases }
  }

  async #start(
    name: string,
    image: string,
    places: readonly Place[],
    more: Omit<Parameters<typeof ContainerPeer.start>[1], 'name' | 'image' | 'places' | 'logFile'>,
  ): Promise<ContainerPeer> {
    return this.rack.add(await ContainerPeer.start(this.client, { name, image, places, logFile: this.rack.path(`${name}.log`), ...more }))
  }

  #publish(): void {
    const { zone } = this.dns
    zone.setAddresses('sip.contoso.example', [this.place('perimeter', 'edge')])
    zone.setAddresses('gate.contoso.example', [this.place('inside', 'edge')])
    zone.setAddresses('home.contoso.example', [this.inside.host])
    zone.setAddresses('sip.fabrikam.example', [this.place('perimeter', 'kamailio')])
    zone.setAddresses('xmpp.contoso.example', [this.place('perimeter', 'bridge')])
    zone.setAddresses('xmpp.jabber.example', [this.place('perimeter', 'prosody')])
    zone.setSrv('_xmpp-server._tcp.contoso.example', [{ host: 'xmpp.contoso.example', port: 5269 }])
    zone.setSrv('_xmpp-server._tcp.jabber.example', [{ host: 'xmpp.jabber.example', port: 5269 }])
  }

  readonly #secrets = new Map<Service, [string, string | Uint8Array][]>()

  /** A key for each who needs it; what lies on the disk of this machine is readable by the users of the containers. */
  #writeFiles(): void {
    mkdirSync(this.etc, { recursive: true })
    const put = (name: string, text: string, mode = 0o644): void => {
      writeFileSync(join(this.etc, name), text)
      chmodSync(join(this.etc, name), mode)
    }
    const issue = (host: string): [string, string][] => {
      const issued = this.authority.issue({ commonName: host, dns: [host] })
      return [
        [`${host}.pem`, issued.chainPem],
        [`${host}.key`, issued.keyPem],
      ]
    }
    const signing = (name: string): [string, string][] => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519')
      return [
        [name, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
        [`${name}.pub`, publicKey.export({ type: 'spki', format: 'pem' }) as string],
      ]
    }
    const url = (database: string): [string, string] => [
      `${database}.url`,
      `postgres://gatehouse:${DATABASE_PASSWORD}@postgres.contoso.example/${database}`,
    ]
    const snapshot = signing('snapshot.key')
    const snapshotPublic = snapshot.slice(1)
    const bus = (service: Service): [string, string][] => issue(busUser(service))
    this.#secrets.set('policy', [...bus('policy'), ...snapshot, url('policy')])
    this.#secrets.set('archive', [...bus('archive'), ...signing('checkpoint.key'), url('archive')])
    this.#secrets.set('federation-peer', [
      ...bus('federation-peer'),
      ...issue('sip.contoso.example'),
      ...issue('gate.contoso.example'),
      ...snapshotPublic,
    ])
    this.#secrets.set('public-im-bridge', [
      ...bus('public-im-bridge'),
      ...issue('contoso.example'),
      ...snapshotPublic,
      ['seal.key', randomBytes(32)],
    ])
    for (const [name, text] of issue('nats.contoso.example')) put(name, text)
    put('ca.pem', this.authority.certPem)
    const files = {
      cert: '/etc/gatehouse/nats.contoso.example.pem',
      key: '/etc/gatehouse/nats.contoso.example.key',
      ca: '/etc/gatehouse/ca.pem',
      store: '/var/lib/nats',
    }
    put('nats.conf', natsConfig(files))
    put('postgres.pass', DATABASE_PASSWORD)
    put('postgres.sh', POSTGRES_SCRIPT)
  }
}

interface Made {
  readonly authority: Authority
  readonly dns: DnsServer
  readonly perimeter: TestNetwork
  readonly inside: TestNetwork
  readonly data: TestNetwork
  readonly home: HomeServer
}

/** The first time it makes the cluster and both databases; afterwards it goes on with what is there. */
const POSTGRES_SCRIPT = `set -e
export PATH=/usr/lib/postgresql/15/bin:$PATH
data=/var/lib/postgresql/data
if [ ! -s $data/PG_VERSION ]; then
  initdb -D $data -U gatehouse --encoding=UTF8 --locale=C --auth=scram-sha-256 --pwfile=/etc/gatehouse/postgres.pass >/dev/null
  echo 'host all all samenet scram-sha-256' >> $data/pg_hba.conf
  pg_ctl -D $data -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp" start >/dev/null
  export PGPASSWORD=$(cat /etc/gatehouse/postgres.pass)
  createdb -h /tmp -U gatehouse policy
  createdb -h /tmp -U gatehouse archive
  pg_ctl -D $data -w stop >/dev/null
fi
rm -f $data/postmaster.pid
exec postgres -D $data -c listen_addresses='*' -c unix_socket_directories=/tmp
`
