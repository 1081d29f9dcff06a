import { connect, createServer, type Server, type Socket } from 'node:net'

type Mode = 'open' | 'cut' | 'stalled'

/** A wire that can be cut: TCP from a port of its own to another port of this machine. */
export class TcpProxy {
  readonly name: string
  readonly #server: Server
  readonly #targetPort: number
  readonly #sockets = new Set<Socket>()
  /** Accepted while stalled: dialled when it is over. */
  #held: Socket[] = []
  #mode: Mode = 'open'
  #port = 0

  constructor(name: string, targetPort: number) {
    this.name = name
    this.#targetPort = targetPort
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket))
  }

  get port(): number {
    return this.#port
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const bound = this.#server.address()
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : 0
  }

  async stop(): Promise<void> {
    this.#dropAll()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  /** Resets what is open and whatever comes until `heal`. */
  cut(): void {
    this.#mode = 'cut'
    this.#dropAll()
  }

  /** Nothing moves any more, and nobody is told. */
  stall(): void {
    this.#mode = 'stalled'
    for (const socket of this.#sockets) socket.pause()
  }

  heal(): void {
    this.#mode = 'open'
    for (const socket of this.#sockets) socket.resume()
    const held = this.#held
    this.#held = []
    for (const socket of held) this.#join(socket)
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#mode === 'cut') socket.resetAndDestroy()
    else if (this.#mode === 'stalled') this.#held.push(socket)
    else this.#join(socket)
  }

  #join(near: Socket): void {
    const far = connect(this.#targetPort, '127.0.0.1')
    this.#forward(near, far)
    this.#forward(far, near)
    near.resume()
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.setNoDelay(true)
    from.on('error', () => from.destroy())
    from.on('data', (chunk: Buffer) => {
      if (to.destroyed || to.write(chunk)) return
      from.pause()
      to.once('drain', () => this.#mode !== 'stalled' && from.resume())
    })
    from.once('end', () => to.end())
    from.once('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }

  #dropAll(): void {
    for (const socket of [...this.#sockets, ...this.#held]) socket.resetAndDestroy()
    this.#held = []
  }
}
