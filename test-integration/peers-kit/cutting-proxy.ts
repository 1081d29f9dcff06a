import { connect, createServer, type Server, type Socket } from 'node:net'

/** How a TCP proxy treats what the server says. */
export interface CutPlan {
  /** Bytes from the server that get through. */
  readonly afterBytes: number
  /** `close`: the connection ends there. `stall`: nothing more comes. */
  readonly how: 'close' | 'stall'
}

/** A TCP proxy that breaks connections as told; each new connection takes the plan of that moment. */
export class CuttingProxy {
  plan: CutPlan = { afterBytes: Number.POSITIVE_INFINITY, how: 'close' }
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(targetPort: number) {
    this.#target = targetPort
  }

  /** The port it listens on. */
  async start(): Promise<number> {
    const server = createServer((client) => this.#carry(client))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
    return address.port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server?.close(resolve))
  }

  #carry(client: Socket): void {
    const { plan } = this
    const upstream = connect(this.#target, '127.0.0.1')
    let bytes = 0
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.on('data', (chunk) => void upstream.write(chunk))
    upstream.on('data', (chunk) => {
      const room = plan.afterBytes - bytes
      bytes += chunk.length
      if (room > 0) client.write(chunk.subarray(0, room))
      if (bytes > plan.afterBytes && plan.how === 'close') client.destroySoon()
    })
  }
}
