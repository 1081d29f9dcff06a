import type { SipRequest, SipResponse } from '@gatehouse/sip-core'
import { createRequest, Dialog } from '@gatehouse/sip-core'
import { newToken, type UserAgentCore } from '../home-server/user-agent-core.ts'
import { type Answer, answerOf } from './answer.ts'
import type { DialogBook } from './dialog-book.ts'
import { readPresence, type SessionMedia, sessionDescription, textFormatHeader } from './im-bodies.ts'
import { ImSession } from './im-session.ts'
import { PresenceWatch } from './presence-watch.ts'
import type { UserEvent, UserEventKind } from './user-event.ts'

export interface SendOptions {
  /** Another sender than the user itself: what a liar would put there. */
  readonly from?: string
  readonly contentType?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

interface Waiting {
  readonly kind: UserEventKind
  readonly resolve: (event: UserEvent) => void
}

/** One person with a client, in the same process as its server: sends, and keeps what it receives. */
export class SipUser {
  readonly address: string
  /** Everything that arrived, oldest first. */
  readonly received: UserEvent[] = []
  readonly #core: UserAgentCore
  readonly #book: DialogBook
  readonly #unread: UserEvent[] = []
  #waiting: Waiting[] = []
  #presence = { isOpen: true, note: 'Available' }
  #onPresence: () => void = () => {}

  /** Made by `HomeServer.addUser`. */
  constructor(address: string, core: UserAgentCore, book: DialogBook) {
    this.address = address
    this.#core = core
    this.#book = book
  }

  get contact(): string {
    return `<sip:${this.address.slice(0, this.address.indexOf('@'))}@${this.#core.hostPort};transport=tls>`
  }

  /** A page-mode message (RFC 3428). */
  async sendMessage(to: string, text: string, options: SendOptions = {}): Promise<Answer> {
    const headers = [['Content-Type', options.contentType ?? 'text/plain;charset=UTF-8'] as const, ...(options.headers ?? [])]
    return answerOf(await this.#core.request(this.#newRequest('MESSAGE', to, headers, Buffer.from(text), options.from)))
  }

  /** A session (INVITE with an IM description); the first text may ride in the INVITE, as Microsoft clients send it. */
  async openSession(
    to: string,
    options: { firstText?: string; media?: SessionMedia } = {},
  ): Promise<{ answer: Answer; session: ImSession | undefined }> {
    const headers: (readonly [string, string])[] = [
      ['Contact', this.contact],
      ['Supported', 'ms-sender'],
      ['Content-Type', 'application/sdp'],
    ]
    if (options.firstText !== undefined) headers.push(['ms-text-format', textFormatHeader(options.firstText)])
    const invite = this.#newRequest('INVITE', to, headers, Buffer.from(sessionDescription(options.media ?? 'message', 'null')))
    let session: ImSession | undefined
    const response = await this.#core.request(invite, (final) => {
      session = this.#sessionOf(invite, final, to)
    })
    const answer = answerOf(response)
    if (session === undefined) return { answer, session }
    const ackOf = invite.cseq()?.number ?? 1
    await this.#core.sendAck(session.dialog.createRequest('ACK', [], { ackOf }).request)
    const hasTakenFirstText = response.headers.values('supported').some((tag) => tag.toLowerCase() === 'ms-text-format')
    if (options.firstText !== undefined && !hasTakenFirstText) await session.sendMessage(options.firstText)
    return { answer, session }
  }

  /** Watches somebody's presence; what is seen arrives as `presence` events. */
  async watch(to: string): Promise<{ answer: Answer; watch: PresenceWatch | undefined }> {
    const subscribe = this.#newRequest('SUBSCRIBE', to, [
      ['Contact', this.contact],
      ['Event', 'presence'],
      ['Accept', 'application/pidf+xml'],
      ['Expires', '600'],
    ])
    const endExpecting = this.#book.expectNotify(subscribe.callId() ?? '', subscribe.from()?.tag ?? '', (body) => {
      const presence = readPresence(body)
      if (presence !== undefined) this.handleEvent({ kind: 'presence', from: to, ...presence })
    })
    let watch: PresenceWatch | undefined
    const response = await this.#core.request(subscribe, (final) => {
      endExpecting()
      const dialog = final.status < 300 ? Dialog.ofSent(subscribe, final) : undefined
      if (dialog === undefined) return
      watch = new PresenceWatch(this.#core, this, to, dialog, false)
      this.#book.add(dialog, watch)
    })
    return { answer: answerOf(response), watch }
  }

  /** Asks the other side what it can do. */
  async sendOptions(to: string): Promise<Answer> {
    return answerOf(await this.#core.request(this.#newRequest('OPTIONS', to, [['Accept', 'application/sdp']])))
  }

  /** What this user's watchers see from now on. */
  setPresence(isOpen: boolean, note: string): void {
    this.#presence = { isOpen, note }
    this.#onPresence()
  }

  get presence(): { readonly isOpen: boolean; readonly note: string } {
    return this.#presence
  }

  /** Called by the server, which keeps the watchers. */
  notifyOnPresence(listener: () => void): void {
    this.#onPresence = listener
  }

  /** The next event of this kind that nobody asked for yet; rejects after `timeoutMs`. */
  next(kind: UserEventKind, timeoutMs = 5_000): Promise<UserEvent> {
    const index = this.#unread.findIndex((event) => event.kind === kind)
    const unread = index === -1 ? undefined : this.#unread.splice(index, 1)[0]
    if (unread !== undefined) return Promise.resolve(unread)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((waiting) => waiting !== entry)
        reject(new Error(`${this.address}: no ${kind} within ${timeoutMs} ms`))
      }, timeoutMs)
      const entry: Waiting = {
        kind,
        resolve: (event) => {
          clearTimeout(timer)
          resolve(event)
        },
      }
      this.#waiting.push(entry)
    })
  }

  /** Called by the server for what arrives. */
  handleEvent(event: UserEvent): void {
    this.received.push(event)
    const index = this.#waiting.findIndex((waiting) => waiting.kind === event.kind)
    if (index === -1) this.#unread.push(event)
    else this.#waiting.splice(index, 1)[0]?.resolve(event)
  }

  #sessionOf(invite: SipRequest, final: SipResponse, to: string): ImSession | undefined {
    const dialog = final.status < 300 ? Dialog.ofSent(invite, final) : undefined
    if (dialog === undefined) return undefined
    const session = new ImSession(this.#core, to, dialog)
    this.#book.add(dialog, session)
    return session
  }

  #newRequest(
    method: string,
    to: string,
    headers: readonly (readonly [string, string])[],
    body?: Uint8Array,
    from = this.address,
  ): SipRequest {
    return createRequest(
      method,
      `sip:${to}`,
      [
        ['Max-Forwards', '70'],
        ['From', `<sip:${from}>;tag=${newToken()}`],
        ['To', `<sip:${to}>`],
        ['Call-ID', newToken()],
        ['CSeq', `1 ${method}`],
        ...headers,
      ],
      body,
    )
  }
}
