import { connect, createServer, type Server, type Socket } from 'node:net'

export interface BalancedReplica {
  readonly port: number
  /** Where `/readyz` is asked. */
  readonly healthPort: number
}

const PROBE_EVERY_MS = 100

/** What stands before the replicas in a cluster: new connections go to those that say they are ready, open ones stay where they are. */
export class TcpBalancer {
  readonly #replicas: readonly BalancedReplica[]
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #ready: readonly BalancedReplica[] = []
  #turn = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(replicas: readonly BalancedReplica[]) {
    this.#replicas = replicas
    this.#server = createServer({ pauseOnConnect: true }, (near) => this.#join(near))
  }

  /** Listens; gives the port. */
  async start(): Promise<number> {
    await this.#probe()
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const bound = this.#server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #probe(): Promise<void> {
    const answers = await Promise.all(this.#replicas.map((replica) => isReady(replica.healthPort)))
    this.#ready = this.#replicas.filter((_, at) => answers[at])
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#probe(), PROBE_EVERY_MS)
  }

  #join(near: Socket): void {
    near.on('error', () => near.destroy())
    const replica = this.#ready[this.#turn++ % Math.max(1, this.#ready.length)]
    if (replica === undefined) {
      near.resetAndDestroy()
      return
    }
    const far = connect(replica.port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => from.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
    near.resume()
  }
}

/** Whether a process says on its health port that it wants traffic. */
export async function isReady(healthPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).status === 200
  } catch {
    // not listening: not ready
    return false
  }
}
