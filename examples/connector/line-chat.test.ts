import { connect, createServer, type Server, type Socket } from 'node:net'
import { networkAddress, type Wire, type Wires } from '@gatehouse/bridge-kit'
import { runConnectorConformance } from '@gatehouse/bridge-kit/test'
import { lineChat } from './line-chat.ts'

const user = { user: 'alice', domain: 'contoso.example' }

/** A server of the network, with Bob sitting at it. */
class LineServer {
  readonly #read: string[] = []
  #server: Server | undefined
  #port = 0
  #socket: Socket | undefined
  #waiting: (() => void)[] = []
  #ids = 0

  async open(): Promise<number> {
    const server = createServer((socket) => this.#accept(socket))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    this.#server = server
    this.#port = (server.address() as { port: number }).port
    return this.#port
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()))
    this.#socket?.destroy()
    await closed
    this.#wake()
  }

  async say(text: string, id = `n${++this.#ids}`): Promise<void> {
    await this.whenConnected()
    this.#socket?.write(`${JSON.stringify({ type: 'message', id, from: 'bob', to: 'alice@contoso.example', text })}\n`)
  }

  async whenConnected(): Promise<void> {
    while (this.#socket === undefined || this.#socket.destroyed) await this.#next()
  }

  async whenDisconnected(): Promise<void> {
    while (this.#socket !== undefined && !this.#socket.destroyed) await this.#next()
  }

  async whenRead(count: number): Promise<readonly string[]> {
    while (this.#read.length < count) await this.#next()
    return this.#read
  }

  #accept(socket: Socket): void {
    this.#socket = socket
    let rest = ''
    socket.setEncoding('utf8').on('error', () => {})
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#take(JSON.parse(line) as { type: string; id: string; text?: string })
    })
    socket.on('close', () => this.#wake())
    this.#wake()
  }

  #take({ type, id, text }: { type: string; id: string; text?: string }): void {
    if (type === 'message') this.#socket?.write(`${JSON.stringify({ type: 'ack', id })}\n`)
    if (type !== 'ack') this.#read.push(text ?? '')
    this.#wake()
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** Plain sockets; the bridge gives its own, with limits and TLS. */
const plainWires: Wires = {
  connect: ({ host, port }) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port })
      const wire: Wire = { stream: socket, remote: { address: host, port }, security: undefined }
      socket.once('connect', () => resolve(wire)).once('error', reject)
      socket.on('error', () => {})
    }),
  secure: () => Promise.reject(new Error('this network has no TLS')),
  listen: () => Promise.reject(new Error('nobody connects to us')),
}

runConnectorConformance({
  name: 'line chat',
  open: async (context) => {
    const server = new LineServer()
    const port = await server.open()
    const made = context({ wires: plainWires })
    const connector = lineChat.create({ host: '127.0.0.1', port, domain: 'line.example' }, made)
    await connector.start()
    return {
      connector,
      context: made,
      far: {
        say: (text, options = {}) => server.say(text, options.id),
        whenRead: (count) => server.whenRead(count),
        goAway: async () => {
          const away = made.reports.length
          await server.close()
          while (!made.reports.slice(away).some(({ state }) => state === 'away')) await new Promise((resolve) => setImmediate(resolve))
        },
        comeBack: async () => {
          const before = made.reports.length
          await server.open()
          while (!made.reports.slice(before).some(({ state }) => state === 'connected'))
            await new Promise((resolve) => setTimeout(resolve, 10))
        },
      },
      user,
      stranger: { user: 'bob', domain: 'line.example' },
      people: ['bob', 'Bob Smith', 'bob@fabrikam.example', 'a\\b'].map(networkAddress),
      close: () => server.close(),
    }
  },
})
