import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  type AccountHandling,
  type AccountId,
  type BridgeConnector,
  type ConnectorContext,
  type ConnectorFactory,
  type Handover,
  type LinkedAccount,
  networkAddress,
  remoteId,
  type StateReport,
  type Wire,
} from '@gatehouse/bridge-kit'
import { deliveredOutcome, failedOutcome } from '@gatehouse/delivery'
import type { CodeTable } from '@gatehouse/errors'
import type { DeliveryOutcome, MessageEvent } from '@gatehouse/im-model'
import { z } from 'zod'

const codes = {
  'GH-TCPCHAT-AWAY': { summary: 'Not logged in.', remedy: 'None.', retry: 'later', sip: 480 },
  'GH-TCPCHAT-LOST': { summary: 'Lost before the acknowledgement.', remedy: 'None.', retry: 'never', sip: 408 },
} as const satisfies CodeTable

/** A network one logs in to, with a book of who was logged in how often at once, and of every message that came. */
export class TcpChatServer {
  readonly messages: { readonly login: string; readonly id: string; readonly text: string }[] = []
  /** Logins that were connected twice at the same time. */
  readonly doubled = new Set<string>()
  /** What people said to each login, by id, in order. */
  readonly #said = new Map<string, Map<string, string>>()
  /** Ids that the other side says it has dealt with. */
  readonly acknowledged = new Set<string>()
  /** Told of each message; nothing is kept then, not even what people said: a run of hours would fill the memory. */
  readonly #onMessage: ((text: string) => void) | undefined
  readonly #sessions = new Map<string, Set<Socket>>()
  #server: Server | undefined

  constructor(onMessage?: (text: string) => void) {
    this.#onMessage = onMessage
  }

  /** `port`: that of an earlier start, to come back on. */
  async start(port = 0): Promise<number> {
    const server = createServer((socket) => this.#accept(socket))
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    this.#server = server
    return (server.address() as AddressInfo).port
  }

  /** Goes away: who is logged in is cut off, and nobody gets in. */
  stop(): void {
    for (const sockets of this.#sessions.values()) for (const socket of sockets) socket.destroy()
    this.#server?.close()
  }

  connected(): readonly string[] {
    return [...this.#sessions].filter(([, sockets]) => sockets.size > 0).map(([login]) => login)
  }

  /** Somebody writes to a login; whoever logs in as it later is shown it once more, acknowledged or not, as networks with a history do. */
  say(login: string, id: string, text: string): void {
    const said = this.#said.get(login) ?? new Map<string, string>()
    if (this.#onMessage === undefined) this.#said.set(login, said.set(id, text))
    for (const socket of this.#sessions.get(login) ?? []) socket.write(`${JSON.stringify({ type: 'said', id, text })}\n`)
  }

  #accept(socket: Socket): void {
    let login = ''
    const write = (line: object): void => void socket.write(`${JSON.stringify(line)}\n`)
    socket.on('error', () => {}).on('close', () => this.#sessions.get(login)?.delete(socket))
    eachLine(socket, ({ type, id = '', text = '' }) => {
      if (type === 'login') {
        login = text
        const sockets = this.#sessions.get(login) ?? new Set()
        this.#sessions.set(login, sockets.add(socket))
        if (sockets.size > 1) this.doubled.add(login)
        write({ type: 'ok', id })
        for (const [of, said] of this.#said.get(login) ?? []) write({ type: 'said', id: of, text: said })
        return
      }
      if (type === 'ack') return void this.acknowledged.add(id)
      if (this.#onMessage === undefined) this.messages.push({ login, id, text })
      else this.#onMessage(text)
      write({ type: 'ok', id })
    })
  }
}

interface Line {
  readonly type: string
  readonly id?: string
  readonly text?: string
}

function eachLine(
  stream: { setEncoding(encoding: 'utf8'): unknown; on(event: 'data', run: (chunk: string) => void): unknown },
  take: (line: Line) => void,
): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(JSON.parse(line) as Line)
  })
}

interface Session {
  readonly wire: Wire
  readonly open: Map<string, (outcome: DeliveryOutcome) => void>
}

class TcpChat implements BridgeConnector, AccountHandling {
  readonly info: BridgeConnector['info'] = { protocol: 'tcpchat', kind: 'accounts', domains: ['chat.example'], capabilities }
  readonly addressing: BridgeConnector['addressing'] = {
    toNetwork: ({ user }) => networkAddress(user),
    fromNetwork: (person) => ({ user: person, domain: 'chat.example' }),
  }
  readonly #port: number
  readonly #context: ConnectorContext
  readonly #sessions = new Map<AccountId, Session>()

  constructor(port: number, context: ConnectorContext) {
    this.#port = port
    this.#context = context
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    for (const account of this.#sessions.keys()) await this.disconnectAccount(account)
  }

  async connectAccount({ id, login }: LinkedAccount): Promise<StateReport> {
    const wire = await this.#context.wires.connect({ host: '127.0.0.1', port: this.#port, timeoutMs: 5_000 })
    const session: Session = { wire, open: new Map() }
    return await new Promise((resolve) => {
      eachLine(wire.stream, ({ type, id: of = '', text = '' }) => {
        if (type === 'said') return void this.#said(wire, { account: id, login }, of, text)
        if (of === '') return resolve({ account: id, state: 'connected', code: '', detail: '' })
        session.open.get(of)?.(deliveredOutcome(of))
        session.open.delete(of)
      })
      wire.stream.once('close', () => this.#lost(id, session))
      this.#sessions.set(id, session)
      wire.stream.write(`${JSON.stringify({ type: 'login', text: login })}\n`)
    })
  }

  async disconnectAccount(account: AccountId): Promise<void> {
    const session = this.#sessions.get(account)
    this.#sessions.delete(account)
    if (session === undefined || session.wire.stream.destroyed) return
    const closed = new Promise((resolve) => session.wire.stream.once('close', resolve))
    session.wire.stream.destroy()
    await closed
  }

  send({ envelope, account }: Handover<MessageEvent>): Promise<DeliveryOutcome> {
    const session = account === undefined ? undefined : this.#sessions.get(account)
    if (session === undefined || session.wire.stream.destroyed) return Promise.resolve(failedOutcome(codes, 'GH-TCPCHAT-AWAY'))
    const id = Buffer.from(envelope.id).toString('hex')
    return new Promise((resolve) => {
      session.open.set(id, resolve)
      session.wire.stream.write(`${JSON.stringify({ type: 'msg', id, text: envelope.content.text })}\n`)
    })
  }

  async #said(wire: Wire, to: { readonly account: AccountId; readonly login: string }, id: string, text: string): Promise<void> {
    const outcome = await this.#context.receive({
      side: 'external',
      account: to.account,
      from: { user: 'bob', domain: 'chat.example' },
      to: { user: to.login, domain: 'contoso.example' },
      conversation: '',
      remoteId: remoteId(id),
      content: { kind: 'message', messageId: id, text },
      method: 'MESSAGE',
      evidence: { class: 'V2', by: 'login' },
      source: { remote: '', server: 'chat.example' },
    })
    if (outcome.status !== 'failed' && wire.stream.writable) wire.stream.write(`${JSON.stringify({ type: 'ack', id })}\n`)
  }

  #lost(account: AccountId, session: Session): void {
    for (const settle of session.open.values()) settle(failedOutcome(codes, 'GH-TCPCHAT-LOST', '', { isCertain: false }))
    session.open.clear()
    if (this.#sessions.get(account) !== session) return
    this.#sessions.delete(account)
    this.#context.report({ account, state: 'away', code: 'GH-TCPCHAT-LOST', detail: '' })
  }
}

const capabilities: BridgeConnector['info']['capabilities'] = {
  features: {
    richText: 'dropped',
    subject: 'dropped',
    correction: 'dropped',
    files: 'fallback',
    typing: 'dropped',
    deliveredReceipt: 'dropped',
    displayedReceipt: 'dropped',
    presence: 'dropped',
    subscription: 'rejected',
    groups: 'rejected',
    offline: 'dropped',
    refusal: 'dropped',
  },
  limits: { maxTextBytes: 8_000, splitting: 'refused', maxCorrectionAgeS: 0, messagesPerSecond: 0 },
}

/** A connector to a `TcpChatServer`. */
export const tcpChat = {
  protocol: 'tcpchat',
  config: z.strictObject({ port: z.number() }),
  codes,
  create: ({ port }, context) => new TcpChat(port, context),
} satisfies ConnectorFactory<{ port: number }>
