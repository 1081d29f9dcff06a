import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import {
  headerOf,
  headersOf,
  methodOf,
  parseWireMessage,
  statusOf,
  tagOf,
  uriOf,
  type WireMessage,
  writeWireMessage,
} from './wire-message.ts'

export interface PhoneOptions {
  readonly user: string
  readonly domain: string
  /** The server that all initial requests go to. */
  readonly proxy: { readonly address: string; readonly port: number }
  /** Bound before the server's configuration is written, since that names it. */
  readonly port: number
  /** Where the server reaches it. Default: loopback. */
  readonly address?: string
}

export interface WireAnswer {
  readonly status: number
  readonly reason?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
}

type Headers = readonly (readonly [string, string])[]
/** Requests that get no response: RFC 3261 §17, and Microsoft's NOTIFY without one. */
const UNANSWERED = new Set(['ACK', 'BENOTIFY'])
const LOOPBACK = '127.0.0.1'
const ANSWER_TIMEOUT_MS = 10_000
// RFC 3261 §17.1.2.2 timer E: UDP may lose a datagram even on loopback when its buffer is full.
const RESEND_MS = 500

/** A SIP telephone on UDP that does what it is told and remembers what it saw. */
export class UdpPhone {
  readonly options: PhoneOptions
  /** Every message received, oldest first. */
  readonly received: WireMessage[] = []
  /** Decides what an incoming request is answered; ACK is never answered. */
  onRequest: (request: WireMessage) => WireAnswer = (request) =>
    methodOf(request) === 'INVITE' ? { status: 200, headers: [['Content-Type', 'application/sdp']], body: imSdp() } : { status: 200 }
  readonly #socket: Socket
  readonly #waiting = new Set<{ matches: (message: WireMessage) => boolean; found: (message: WireMessage) => void }>()
  readonly #answered = new Map<string, string>()
  readonly #dialogTags = new Map<string, string>()

  private constructor(options: PhoneOptions, socket: Socket) {
    this.options = options
    this.#socket = socket
    socket.on('message', (data, from) => this.#onDatagram(data, from))
  }

  static async open(options: PhoneOptions): Promise<UdpPhone> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(options.port, options.address ?? LOOPBACK, resolve)
    })
    return new UdpPhone(options, socket)
  }

  get address(): string {
    return `${this.options.user}@${this.options.domain}`
  }

  get contact(): string {
    return `<sip:${this.options.user}@${this.options.address ?? LOOPBACK}:${this.options.port}>`
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()))
  }

  /** An initial request; resolves with its final response (1xx are in `received`). */
  async request(method: string, uri: string, options: { headers?: Headers; body?: string; from?: string } = {}): Promise<WireMessage> {
    const to = `<${uri}>`
    return this.#send(method, uri, {
      from: `${options.from ?? `<sip:${this.address}>`};tag=${token()}`,
      to,
      callId: token(),
      cseq: 1,
      headers: options.headers ?? [],
      body: options.body ?? '',
    })
  }

  /** INVITE, final response, ACK. */
  async invite(uri: string, options: { headers?: Headers; body?: string } = {}): Promise<{ answer: WireMessage; dialog: PhoneDialog }> {
    const answer = await this.request('INVITE', uri, {
      headers: [['Content-Type', 'application/sdp'], ['Contact', this.contact], ...(options.headers ?? [])],
      body: options.body ?? imSdp(),
    })
    const dialog = dialogOfAnswer(this, answer)
    if (statusOf(answer) < 300) dialog.ack()
    return { answer, dialog }
  }

  /** The first message, past or future, for which `matches` holds. */
  waitFor(what: string, matches: (message: WireMessage) => boolean): Promise<WireMessage> {
    const seen = this.received.find(matches)
    if (seen !== undefined) return Promise.resolve(seen)
    return new Promise((resolve, reject) => {
      const entry = {
        matches,
        found: (message: WireMessage): void => {
          clearTimeout(timer)
          this.#waiting.delete(entry)
          resolve(message)
        },
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(entry)
        reject(new Error(`${this.address} waited for ${what} and saw only: ${this.received.map((each) => each.startLine).join(' | ')}`))
      }, ANSWER_TIMEOUT_MS)
      this.#waiting.add(entry)
    })
  }

  waitForRequest(method: string, matches: (request: WireMessage) => boolean = () => true): Promise<WireMessage> {
    return this.waitFor(method, (message) => methodOf(message) === method && matches(message))
  }

  /** Sends one request and waits for its final response; used by dialogs too. */
  async sendRequest(startUri: string, method: string, headers: Headers, body: string): Promise<WireMessage> {
    const branch = `z9hG4bK${token()}`
    const text = writeWireMessage(`${method} ${startUri} SIP/2.0`, [[...this.#via(branch)], ['Max-Forwards', '70'], ...headers], body)
    const send = (): void => this.#socket.send(text, this.options.proxy.port, this.options.proxy.address)
    send()
    if (UNANSWERED.has(method)) return parseWireMessage(text)
    const again = setInterval(send, RESEND_MS)
    const isOurs = (message: WireMessage): boolean => headerOf(message, 'Via').includes(branch)
    // A provisional answer ends the resending, the final one the request.
    const provisional = this.waitFor(`any answer to ${method}`, (message) => statusOf(message) > 0 && isOurs(message)).finally(() =>
      clearInterval(again),
    )
    const final = this.waitFor(`a final answer to ${method}`, (message) => statusOf(message) >= 200 && isOurs(message))
    const [answer] = await Promise.all([final, provisional])
    return answer
  }

  #via(branch: string): readonly [string, string] {
    return ['Via', `SIP/2.0/UDP ${this.options.address ?? LOOPBACK}:${this.options.port};branch=${branch};rport`]
  }

  #send(
    method: string,
    uri: string,
    parts: { from: string; to: string; callId: string; cseq: number; headers: Headers; body: string },
  ): Promise<WireMessage> {
    const own: Headers = [
      ['From', parts.from],
      ['To', parts.to],
      ['Call-ID', parts.callId],
      ['CSeq', `${parts.cseq} ${method}`],
    ]
    return this.sendRequest(uri, method, [...own, ...parts.headers], parts.body)
  }

  #onDatagram(data: Buffer, from: RemoteInfo): void {
    const message = parseWireMessage(data.toString('utf8'))
    const method = methodOf(message)
    if (method !== '' && !UNANSWERED.has(method)) {
      const key = `${headerOf(message, 'Via')} ${headerOf(message, 'CSeq')}`
      const before = this.#answered.get(key)
      const answer = before ?? this.#answer(message)
      this.#answered.set(key, answer)
      this.#socket.send(answer, from.port, from.address)
      if (before !== undefined) return
    }
    this.received.push(message)
    for (const waiting of [...this.#waiting]) if (waiting.matches(message)) waiting.found(message)
  }

  #answer(request: WireMessage): string {
    const answer = this.onRequest(request)
    const to = headerOf(request, 'To')
    const callId = headerOf(request, 'Call-ID')
    const tag = this.#dialogTags.get(callId) ?? token()
    this.#dialogTags.set(callId, tag)
    const copied = request.headers.filter(([name]) => /^(via|from|call-id|cseq|record-route)$/i.test(name))
    const dialogForming = /^(INVITE|SUBSCRIBE)$/.test(methodOf(request))
    const headers: Headers = [
      ...copied,
      ['To', tagOf(to) === '' ? `${to};tag=${tag}` : to],
      ...(dialogForming ? ([['Contact', this.contact]] as const) : []),
      ...(answer.headers ?? []),
    ]
    return writeWireMessage(
      `SIP/2.0 ${answer.status} ${answer.reason ?? (answer.status < 300 ? 'OK' : 'Refused')}`,
      headers,
      answer.body ?? '',
    )
  }
}

/** One side of a dialog (RFC 3261 §12). */
export class PhoneDialog {
  readonly #phone: UdpPhone
  readonly #parts: { callId: string; local: string; remote: string; target: string; routes: readonly string[] }
  #cseq: number

  constructor(
    phone: UdpPhone,
    parts: { callId: string; local: string; remote: string; target: string; routes: readonly string[] },
    cseq: number,
  ) {
    this.#phone = phone
    this.#parts = parts
    this.#cseq = cseq
  }

  get routes(): readonly string[] {
    return this.#parts.routes
  }

  ack(): void {
    void this.#phone.sendRequest(this.#parts.target, 'ACK', this.#headers(this.#cseq, 'ACK'), '')
  }

  request(method: string, options: { headers?: Headers; body?: string } = {}): Promise<WireMessage> {
    this.#cseq += 1
    return this.#phone.sendRequest(
      this.#parts.target,
      method,
      [...this.#headers(this.#cseq, method), ...(options.headers ?? [])],
      options.body ?? '',
    )
  }

  #headers(cseq: number, method: string): Headers {
    return [
      ...this.#parts.routes.map((route) => ['Route', route] as const),
      ['From', this.#parts.local],
      ['To', this.#parts.remote],
      ['Call-ID', this.#parts.callId],
      ['CSeq', `${cseq} ${method}`],
    ]
  }
}

/** Caller's side: RFC 3261 §12.1.2, route set reversed. */
export function dialogOfAnswer(phone: UdpPhone, answer: WireMessage): PhoneDialog {
  return new PhoneDialog(
    phone,
    {
      callId: headerOf(answer, 'Call-ID'),
      local: headerOf(answer, 'From'),
      remote: headerOf(answer, 'To'),
      target: uriOf(headerOf(answer, 'Contact')),
      routes: routeSet(answer).reverse(),
    },
    Number.parseInt(headerOf(answer, 'CSeq'), 10),
  )
}

/** Called side: RFC 3261 §12.1.1, route set in order; `ownTag` is what the phone answered with. */
export function dialogOfRequest(phone: UdpPhone, request: WireMessage, ownTag: string): PhoneDialog {
  return new PhoneDialog(
    phone,
    {
      callId: headerOf(request, 'Call-ID'),
      local: `${headerOf(request, 'To')};tag=${ownTag}`,
      remote: headerOf(request, 'From'),
      target: uriOf(headerOf(request, 'Contact')),
      routes: routeSet(request),
    },
    0,
  )
}

function routeSet(message: WireMessage): string[] {
  return headersOf(message, 'Record-Route').flatMap((line) => line.split(/,\s*(?=<)/))
}

function imSdp(): string {
  return [
    'v=0',
    'o=- 0 0 IN IP4 127.0.0.1',
    's=session',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=message 5060 sip null',
    'a=accept-types:text/plain',
    '',
  ].join('\r\n')
}

function token(): string {
  return randomBytes(8).toString('hex')
}
