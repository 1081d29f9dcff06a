import type { Dialog } from '@gatehouse/sip-core'
import type { UserAgentCore } from '../home-server/user-agent-core.ts'
import { type Answer, answerOf } from './answer.ts'
import { presenceDocument } from './im-bodies.ts'

/** The part of a user that a subscription needs. */
export interface WatchedUser {
  readonly address: string
  readonly contact: string
  readonly presence: { readonly isOpen: boolean; readonly note: string }
}

/** One presence subscription (RFC 3856), seen from the watcher or from the watched. */
export class PresenceWatch {
  readonly user: WatchedUser
  readonly remote: string
  readonly dialog: Dialog
  /** True at the end that is watched and sends NOTIFY. */
  readonly isNotifier: boolean
  readonly #core: UserAgentCore
  #isActive = true

  constructor(core: UserAgentCore, user: WatchedUser, remote: string, dialog: Dialog, isNotifier: boolean) {
    this.#core = core
    this.user = user
    this.remote = remote
    this.dialog = dialog
    this.isNotifier = isNotifier
  }

  get isActive(): boolean {
    return this.#isActive
  }

  /** Stops watching (SUBSCRIBE with Expires 0). */
  async stop(): Promise<Answer> {
    this.#isActive = false
    const headers = [
      ['Contact', this.user.contact],
      ['Event', 'presence'],
      ['Expires', '0'],
    ] as const
    return answerOf(await this.#core.request(this.dialog.createRequest('SUBSCRIBE', headers).request))
  }

  /** RFC 6665 §4.2.2: the state now; `terminated` when it is the last. */
  async notify(isLast: boolean): Promise<Answer> {
    if (isLast) this.#isActive = false
    const { isOpen, note } = this.user.presence
    const headers = [
      ['Contact', this.user.contact],
      ['Event', 'presence'],
      ['Subscription-State', isLast ? 'terminated;reason=timeout' : 'active;expires=600'],
      ['Content-Type', 'application/pidf+xml'],
    ] as const
    const body = Buffer.from(presenceDocument(this.user.address, isOpen, note))
    return answerOf(await this.#core.request(this.dialog.createRequest('NOTIFY', headers, { body }).request))
  }
}
