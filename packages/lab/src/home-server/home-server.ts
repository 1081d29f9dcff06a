import type { ServerTransaction, SipRequest, SipResponse } from '@gatehouse/sip-core'
import { createResponse, Dialog, type DialogId, dialogIdOf, dialogKey, isInDialog } from '@gatehouse/sip-core'
import { readMark, readPresence, readSessionMedia, readTextFormat, readTyping, sessionDescription } from '../sip-user/im-bodies.ts'
import { ImSession } from '../sip-user/im-session.ts'
import { PresenceWatch } from '../sip-user/presence-watch.ts'
import { SipUser } from '../sip-user/sip-user.ts'
import { type NextHop, newToken, type SipServerOptions, UserAgentCore } from './user-agent-core.ts'

interface Entry {
  readonly user: SipUser
  readonly owner: ImSession | PresenceWatch
}

export interface HomeServerOptions extends SipServerOptions {
  /** The SIP domain of its users. */
  readonly domain: string
}

const ALLOW = 'INVITE, MESSAGE, INFO, SUBSCRIBE, NOTIFY, OPTIONS, BYE, CANCEL, ACK'

const ACCEPTED_TYPES: ReadonlySet<string> = new Set(['text/plain', 'text/html', 'application/im-iscomposing+xml'])

/**
 * A whole inside in one object: a SIP server with a few users, no registrar, no persistence. Takes what its gate delivers, answers as a
 * correct server would, and sends its users' requests to the next hop. For the demo and tests; never for people.
 */
export class HomeServer {
  readonly domain: string
  readonly #core: UserAgentCore
  readonly #users = new Map<string, SipUser>()
  readonly #dialogs = new Map<string, Entry>()
  readonly #expected = new Map<string, (body: string) => void>()

  constructor(options: HomeServerOptions) {
    this.domain = options.domain
    this.#core = new UserAgentCore(options, {
      handleRequest: (transaction, request) => this.#handleRequest(transaction, request),
      handleCancel: (transaction) => this.#respond(transaction, 487),
    })
  }

  /** The port listened on; known after `start`. */
  get port(): number {
    return this.#core.port
  }

  async start(): Promise<void> {
    await this.#core.start()
  }

  async stop(): Promise<void> {
    await this.#core.stop()
  }

  /** A new user `name@domain`. */
  addUser(name: string): SipUser {
    const user: SipUser = new SipUser(`${name}@${this.domain}`, this.#core, {
      add: (dialog, owner) => this.#dialogs.set(dialogKey(dialog.id), { user, owner }),
      expectNotify: (callId, localTag, onNotify) => this.#expectNotify(`${callId}\n${localTag}`, onNotify),
    })
    user.notifyOnPresence(() => this.#notifyWatchers(user))
    this.#users.set(user.address.toLowerCase(), user)
    return user
  }

  /** Where its users' requests go from now on. */
  setNextHop(nextHop: NextHop): void {
    this.#core.setNextHop(nextHop)
  }

  /** Cuts the link to the next hop; it comes back with the next request. */
  dropOutboundLink(): void {
    this.#core.dropOutboundLink()
  }

  #handleRequest(transaction: ServerTransaction, request: SipRequest): void {
    if (isInDialog(request)) {
      this.#handleInDialog(transaction, request)
      return
    }
    const user = this.#userOf(request)
    // RFC 3261 §11: the server itself is asked what it can do.
    if (request.method === 'OPTIONS' && request.requestSipUri()?.user === undefined) this.#respond(transaction, 200, [['Allow', ALLOW]])
    else if (user === undefined) this.#respond(transaction, 404)
    else if (request.method === 'MESSAGE') this.#handleMessage(transaction, request, user, false)
    else if (request.method === 'INVITE') this.#handleInvite(transaction, request, user)
    else if (request.method === 'SUBSCRIBE') this.#handleSubscribe(transaction, request, user)
    else if (request.method === 'OPTIONS') this.#respond(transaction, 200, [['Allow', ALLOW]])
    // RFC 3261 §8.2.1: a method that is not supported is refused with the list of those that are.
    else this.#respond(transaction, 405, [['Allow', ALLOW]])
  }

  #handleInDialog(transaction: ServerTransaction, request: SipRequest): void {
    const id: DialogId | undefined = dialogIdOf(request, 'to')
    const entry = id === undefined ? undefined : this.#dialogs.get(dialogKey(id))
    if (id === undefined || entry === undefined) {
      const onNotify = request.method === 'NOTIFY' ? this.#expected.get(`${id?.callId}\n${id?.localTag}`) : undefined
      this.#respond(transaction, onNotify === undefined ? 481 : 200)
      onNotify?.(textOf(request))
      return
    }
    const { user, owner } = entry
    if (owner.dialog.handleRequest(request) === 'out-of-order') this.#respond(transaction, 500)
    else if (owner instanceof ImSession) this.#handleInSession(transaction, request, user, owner, dialogKey(id))
    else this.#handleInWatch(transaction, request, user, owner, dialogKey(id))
  }

  #handleInSession(transaction: ServerTransaction, request: SipRequest, user: SipUser, session: ImSession, key: string): void {
    if (request.method === 'MESSAGE') this.#handleMessage(transaction, request, user, true)
    else if (request.method === 'INFO') {
      const isActive = readTyping(textOf(request))
      if (isActive !== undefined) user.handleEvent({ kind: 'typing', from: session.remote, isActive })
      this.#respond(transaction, isActive === undefined ? 415 : 200)
    } else if (request.method === 'BYE') {
      session.handleBye()
      this.#dialogs.delete(key)
      this.#respond(transaction, 200)
      user.handleEvent({ kind: 'session', from: session.remote, change: 'closed', mark: markOf(request) })
    } else this.#respond(transaction, request.method === 'OPTIONS' ? 200 : 405, [['Allow', ALLOW]])
  }

  #handleInWatch(transaction: ServerTransaction, request: SipRequest, user: SipUser, watch: PresenceWatch, key: string): void {
    if (request.method === 'NOTIFY' && !watch.isNotifier) {
      const presence = readPresence(textOf(request))
      this.#respond(transaction, 200)
      if (presence !== undefined) user.handleEvent({ kind: 'presence', from: watch.remote, ...presence })
      if (/^terminated/i.test(request.headers.first('subscription-state') ?? '')) this.#dialogs.delete(key)
    } else if (request.method === 'SUBSCRIBE' && watch.isNotifier) {
      const isLast = request.headers.first('expires') === '0'
      this.#respond(transaction, 200, [
        ['Expires', isLast ? '0' : '600'],
        ['Contact', user.contact],
      ])
      void watch.notify(isLast).finally(() => isLast && this.#dialogs.delete(key))
    } else this.#respond(transaction, 405, [['Allow', ALLOW]])
  }

  #handleMessage(transaction: ServerTransaction, request: SipRequest, user: SipUser, isInSession: boolean): void {
    const type = request.contentType()
    const contentType = type === undefined ? 'text/plain' : `${type.type}/${type.subtype}`.toLowerCase()
    if (!ACCEPTED_TYPES.has(contentType)) {
      // RFC 3428 §7: 415 with what would have been understood.
      this.#respond(transaction, 415, [['Accept', [...ACCEPTED_TYPES].join(', ')]])
      return
    }
    const from = addressOf(request)
    const isActive = contentType === 'application/im-iscomposing+xml' ? readTyping(textOf(request)) : undefined
    this.#respond(transaction, 200)
    if (isActive !== undefined) user.handleEvent({ kind: 'typing', from, isActive })
    else user.handleEvent({ kind: 'message', from, text: textOf(request), contentType, mark: markOf(request), isInSession })
  }

  #handleInvite(transaction: ServerTransaction, request: SipRequest, user: SipUser): void {
    const media = readSessionMedia(textOf(request))
    if (media === undefined) {
      this.#respond(transaction, 488)
      return
    }
    const textFormat = request.headers.first('ms-text-format')
    const firstText = textFormat === undefined ? undefined : readTextFormat(textFormat)
    const headers: (readonly [string, string])[] = [
      ['Contact', user.contact],
      ['Content-Type', 'application/sdp'],
    ]
    // The caller sends its first text again as a MESSAGE unless we say that we took it.
    if (firstText !== undefined) headers.push(['Supported', 'ms-text-format'])
    const response = this.#respond(transaction, 200, headers, sessionDescription(media, `sip:${user.address}`))
    const dialog = Dialog.ofReceived(request, response)
    if (dialog === undefined) return
    const from = addressOf(request)
    this.#dialogs.set(dialogKey(dialog.id), { user, owner: new ImSession(this.#core, from, dialog) })
    const mark = markOf(request)
    user.handleEvent({ kind: 'session', from, change: 'opened', mark })
    if (firstText !== undefined)
      user.handleEvent({ kind: 'message', from, text: firstText, contentType: 'text/plain', mark, isInSession: true })
  }

  #handleSubscribe(transaction: ServerTransaction, request: SipRequest, user: SipUser): void {
    if (request.headers.first('event')?.split(';')[0]?.trim().toLowerCase() !== 'presence') {
      // RFC 6665 §4.2.1.1
      this.#respond(transaction, 489, [['Allow-Events', 'presence']])
      return
    }
    const isFetch = request.headers.first('expires') === '0'
    const response = this.#respond(transaction, 200, [
      ['Contact', user.contact],
      ['Expires', isFetch ? '0' : '600'],
    ])
    const dialog = Dialog.ofReceived(request, response)
    if (dialog === undefined) return
    const from = addressOf(request)
    const watch = new PresenceWatch(this.#core, user, from, dialog, true)
    if (!isFetch) this.#dialogs.set(dialogKey(dialog.id), { user, owner: watch })
    user.handleEvent({ kind: 'watched', from, mark: markOf(request) })
    // RFC 6665 §4.2.1.2: the state is sent at once.
    void watch.notify(isFetch)
  }

  #expectNotify(key: string, onNotify: (body: string) => void): () => void {
    this.#expected.set(key, onNotify)
    return () => this.#expected.delete(key)
  }

  #notifyWatchers(user: SipUser): void {
    for (const entry of this.#dialogs.values()) {
      const { owner } = entry
      if (entry.user === user && owner instanceof PresenceWatch && owner.isNotifier && owner.isActive) void owner.notify(false)
    }
  }

  #respond(
    transaction: ServerTransaction,
    status: number,
    headers: readonly (readonly [string, string])[] = [],
    body?: string,
  ): SipResponse {
    const extras = { toTag: newToken(), headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) }
    const response = createResponse(transaction.request, status, undefined, extras)
    this.#core.respond(transaction, response)
    return response
  }

  #userOf(request: SipRequest): SipUser | undefined {
    const uri = request.requestSipUri()
    if (uri?.user === undefined) return undefined
    // The Request-URI is the address, or a Contact of ours whose host is this server.
    return this.#users.get(`${uri.user}@${uri.host}`.toLowerCase()) ?? this.#users.get(`${uri.user}@${this.domain}`.toLowerCase())
  }
}

function textOf(request: SipRequest): string {
  return Buffer.from(request.body).toString('utf8')
}

function addressOf(request: SipRequest): string {
  const uri = request.from()?.sipUri
  return uri === undefined ? '' : `${uri.user ?? ''}@${uri.host}`
}

function markOf(request: SipRequest): 'verified' | 'unverified' | undefined {
  return readMark(request.headers.first('ms-edge-proxy-message-trust'))
}
