import type { Dialog, SipRequest } from '@gatehouse/sip-core'
import type { UserAgentCore } from '../home-server/user-agent-core.ts'
import { type Answer, answerOf } from './answer.ts'
import { isComposing, keyboardActivity } from './im-bodies.ts'

/** One end of an IM session. */
export class ImSession {
  /** Address of the other end. */
  readonly remote: string
  readonly dialog: Dialog
  readonly #core: UserAgentCore
  #isOpen = true

  constructor(core: UserAgentCore, remote: string, dialog: Dialog) {
    this.#core = core
    this.remote = remote
    this.dialog = dialog
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  sendMessage(text: string): Promise<Answer> {
    return this.#send('MESSAGE', 'text/plain;charset=UTF-8', text)
  }

  /** `microsoft`: INFO with KeyboardActivity; `standard`: MESSAGE with RFC 3994. */
  sendTyping(isActive: boolean, dialect: 'microsoft' | 'standard' = 'microsoft'): Promise<Answer> {
    return dialect === 'microsoft'
      ? this.#send('INFO', 'application/xml', keyboardActivity(isActive))
      : this.#send('MESSAGE', 'application/im-iscomposing+xml', isComposing(isActive))
  }

  /** Ends the session (BYE). */
  async close(): Promise<Answer> {
    this.#isOpen = false
    return answerOf(await this.#core.request(this.dialog.createRequest('BYE').request))
  }

  /** The other end said BYE. */
  handleBye(): void {
    this.#isOpen = false
  }

  async #send(method: string, contentType: string, text: string): Promise<Answer> {
    const { request }: { request: SipRequest } = this.dialog.createRequest(method, [['Content-Type', contentType]], {
      body: Buffer.from(text),
    })
    return answerOf(await this.#core.request(request))
  }
}
