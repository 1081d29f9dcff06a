import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { type ContainerRuntimeClient, GenericContainer, type WaitStrategy } from 'testcontainers'
import type { Peer } from '../../peers-kit/peer.ts'
import { ownLabels, type TestNetwork } from './networks.ts'

export interface Place {
  readonly network: TestNetwork
  readonly address: string
  /** What others on the network may call it. */
  readonly aliases?: readonly string[]
}

export interface ContainerPlan {
  readonly name: string
  readonly image: string
  /** Instead of the image's own. */
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  /** The first one is the one it starts with. */
  readonly places: readonly Place[]
  /** `host path:container path:ro` */
  readonly binds?: readonly string[]
  readonly user?: string
  readonly env?: Readonly<Record<string, string>>
  /** As an operator should run ours: nothing to write but what is bound and /tmp, no capability, no new privileges. */
  readonly isLocked?: boolean
  readonly logFile: string
}

const STOP_GRACE_S = 10
/** The engine hands the last lines on after the end. */
const LOG_GRACE_MS = 3_000

/** Whether a container serves is for its starter to see; one that is meant to end at once serves never. */
class NoWait implements WaitStrategy {
  async waitUntilReady(): Promise<void> {}

  withStartupTimeout(): this {
    return this
  }

  isStartupTimeoutSet(): boolean {
    return true
  }

  getStartupTimeout(): number {
    return 0
  }
}

/** testcontainers' container with what it has no method for. */
class PlannedContainer extends GenericContainer {
  readonly #plan: ContainerPlan
  readonly #client: ContainerRuntimeClient

  constructor(plan: ContainerPlan, client: ContainerRuntimeClient) {
    super(plan.image)
    this.#plan = plan
    this.#client = client
    // its helper that cleans up would have to be pulled; the rack does that here
    this.withAutoCleanup(false)
    const [first] = plan.places
    if (first !== undefined) {
      this.networkMode = first.network.name
      this.createOpts.NetworkingConfig = { EndpointsConfig: { [first.network.name]: endpoint(first) } }
    } else this.networkMode = 'none'
    this.createOpts.Labels = ownLabels()
    this.hostConfig.Binds = [...(plan.binds ?? [])]
    if (plan.entrypoint !== undefined) this.withEntrypoint([...plan.entrypoint])
    if (plan.command !== undefined) this.withCommand([...plan.command])
    if (plan.user !== undefined) this.withUser(plan.user)
    if (plan.env !== undefined) this.withEnvironment({ ...plan.env })
    if (plan.isLocked !== true) return
    this.hostConfig.ReadonlyRootfs = true
    this.hostConfig.CapDrop = ['ALL']
    this.hostConfig.SecurityOpt = ['no-new-privileges']
    this.hostConfig.Tmpfs = { '/tmp': 'rw,size=16m' }
  }

  /** Before it starts, so that it finds all its addresses. */
  protected override async containerCreated(id: string): Promise<void> {
    for (const place of this.#plan.places.slice(1)) await join(this.#client, id, place)
  }
}

/** One container of a test, by its static addresses. */
export class ContainerPeer implements Peer {
  readonly name: string
  readonly logFile: string
  readonly id: string
  readonly plan: ContainerPlan
  readonly #client: ContainerRuntimeClient
  #end: Promise<number | null>
  #hasEnded = false
  #isRemoved = false
  /** Resolves when all it printed is in its file. */
  #logged: Promise<unknown>

  private constructor(plan: ContainerPlan, id: string, client: ContainerRuntimeClient, logged: Promise<unknown>) {
    this.plan = plan
    this.name = plan.name
    this.logFile = plan.logFile
    this.id = id
    this.#client = client
    this.#logged = logged
    this.#end = this.#watch()
  }

  /** Returns once its process runs; whether it serves is for the caller to see. */
  static async start(client: ContainerRuntimeClient, plan: ContainerPlan): Promise<ContainerPeer> {
    writeFileSync(plan.logFile, '')
    const { promise: logged, resolve } = Promise.withResolvers<void>()
    const log = (stream: Readable): void => {
      stream.pipe(createWriteStream(plan.logFile, { flags: 'a' })).once('finish', resolve)
    }
    const container = new PlannedContainer(plan, client).withLogConsumer(log).withWaitStrategy(new NoWait())
    const started = await container.start()
    return new ContainerPeer(plan, started.getId(), client, logged)
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get ended(): Promise<number | null> {
    return this.#end
  }

  output(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  async stop(): Promise<void> {
    if (this.#isRemoved) return
    this.#isRemoved = true
    const container = this.#client.container.getById(this.id)
    if (!this.#hasEnded) await container.stop({ t: STOP_GRACE_S }).catch(() => undefined)
    await container.remove({ force: true, v: true })
  }

  killNow(): void {
    void this.kill()
  }

  /** `kill -9` of its first process; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#client.container.getById(this.id).kill({ signal: 'SIGKILL' })
    await this.#end
  }

  /** Up again with the same addresses and what it had on its disk. */
  async startAgain(): Promise<void> {
    const container = this.#client.container.getById(this.id)
    const sinceS = Math.floor(Date.now() / 1000)
    await container.start()
    this.#hasEnded = false
    this.#end = this.#watch()
    const log = await container.logs({ follow: true, stdout: true, stderr: true, since: sinceS })
    const file = createWriteStream(this.logFile, { flags: 'a' })
    container.modem.demuxStream(log, file, file)
    this.#logged = new Promise((resolve) => void log.once('end', () => file.end(resolve)))
  }

  /** Pulls the cable of one of its networks. */
  async leave(place: Place): Promise<void> {
    await this.#client.container.dockerode.getNetwork(place.network.id).disconnect({ Container: this.id, Force: true })
  }

  async join(place: Place): Promise<void> {
    await join(this.#client, this.id, place)
  }

  /** Runs a program in it. */
  async exec(...command: readonly string[]): Promise<{ code: number; output: string }> {
    const { exitCode, output } = await this.#client.container.exec(this.#client.container.getById(this.id), [...command])
    return { code: exitCode, output }
  }

  /** When the engine started its process, milliseconds since the epoch. */
  async startedMs(): Promise<number> {
    const { State } = await this.#client.container.getById(this.id).inspect()
    return Date.parse(State.StartedAt)
  }

  async #watch(): Promise<number | null> {
    try {
      const { StatusCode } = (await this.#client.container.getById(this.id).wait()) as { StatusCode: number }
      await Promise.race([this.#logged, new Promise((resolve) => setTimeout(resolve, LOG_GRACE_MS))])
      return StatusCode
    } catch {
      // removed while somebody waited
      return null
    } finally {
      this.#hasEnded = true
    }
  }
}

function endpoint({ address, aliases = [] }: Place): { IPAMConfig: { IPv4Address: string }; Aliases: string[] } {
  return { IPAMConfig: { IPv4Address: address }, Aliases: [...aliases] }
}

async function join(client: ContainerRuntimeClient, id: string, place: Place): Promise<void> {
  await client.container.dockerode.getNetwork(place.network.id).connect({ Container: id, EndpointConfig: endpoint(place) })
}
