import type { Delivery } from '@gatehouse/delivery'
import type { Decision, PeerDestination } from '@gatehouse/im-model'
import { type DecideAgainDeps, decideAgain } from '@gatehouse/policy-follow'
import { createResponse } from '@gatehouse/sip-core'
import { judgedMessage } from '../admit/judged-message.ts'
import { refuse } from '../admit/refusal.ts'
import type { EdgeLog } from '../edge/connection.ts'
import { markOf, partiesOf } from '../endpoint/envelope-of.ts'
import { createOwnRequest, markOwnMessage } from '../endpoint/own-request.ts'
import { readContent } from '../endpoint/read-content.ts'
import type { AnswerDesk } from '../endpoint/sip-receiver.ts'
import type { SipAnswer, UserAgent } from '../endpoint/user-agent.ts'
import type { OwnNames } from '../route/own-names.ts'
import type { Passage } from '../session/passage.ts'
import type { EchoInbox } from './echo-watch.ts'

export interface EchoDeskDeps extends DecideAgainDeps {
  readonly settings: { readonly enabled: boolean; readonly user: string }
  readonly inbox: EchoInbox
  readonly agent: Pick<UserAgent, 'send'>
  readonly own: OwnNames
  readonly newId: (nowMs: number) => Uint8Array
  readonly newTag: () => string
  readonly log: EdgeLog
}

/** On every echo, so that two of them never talk to each other. */
const ECHO_SUBJECT = 'Gatehouse echo'
const MAX_ECHO_CHARACTERS = 4_096
/** Echoes under way at once; a test needs one. */
const MAX_UNDER_WAY = 64
const ECHO_TIMEOUT_MS = 20_000

/**
 * The gate's own address, so that partners can test against us: a message to `echo@<internal domain>` comes back as a new message. Only
 * what was admitted and put on record gets here, so blocks, rights and rates count as for everybody.
 */
export class EchoDesk {
  readonly #deps: EchoDeskDeps
  #underWay = 0

  constructor(deps: EchoDeskDeps) {
    this.#deps = deps
  }

  /** True: an admitted message is for the gate itself. Called for each; costs next to nothing while nobody tests. */
  takes(passage: Passage): boolean {
    const { settings, inbox } = this.#deps
    if ((!settings.enabled && inbox.isEmpty) || passage.method !== 'MESSAGE' || passage.side !== 'external') return false
    if (passage.isInDialog || passage.decision?.destination?.to !== 'inside') return false
    if (!inbox.isEmpty && inbox.take(passage.request.body)) return true
    return settings.enabled && passage.toUser.toLowerCase() === settings.user
  }

  /** A message that is refused may be an echo that a doctor waits for: it did come back, and stays refused. */
  notice(passage: Passage): void {
    const { inbox } = this.#deps
    if (!inbox.isEmpty && passage.method === 'MESSAGE' && passage.side === 'external') inbox.take(passage.request.body)
  }

  /** Answers it at the desk; an echo goes out after that. */
  take(passage: Passage, desk: AnswerDesk): void {
    if (this.#underWay >= MAX_UNDER_WAY) return desk.refuse(passage, refuse('GH-PEER-BUSY', '', { retryAfterS: 5 }))
    desk.accept(passage, createResponse(passage.request, 200, undefined, { toTag: this.#deps.newTag() }))
    const text = this.#textToEcho(passage)
    if (text === undefined) return
    this.#underWay++
    void this.#echo(passage, text).finally(() => this.#underWay--)
  }

  /** Undefined: it is an echo itself, nobody asked for one, or there is nothing to read in it. */
  #textToEcho(passage: Passage): string | undefined {
    const { enabled, user } = this.#deps.settings
    const fromUser = passage.fromUser.toLowerCase()
    if (!enabled || passage.toUser.toLowerCase() !== user || fromUser === user) return undefined
    const content = readContent(passage.request, passage.decision?.rewrite)
    if (typeof content === 'string' || content.kind !== 'message') return undefined
    const isEcho = content.subject === ECHO_SUBJECT
    return isEcho || content.text === '' || content.text.length > MAX_ECHO_CHARACTERS ? undefined : content.text
  }

  /** Never rejects: whoever tests sees that nothing came, and the log says why. */
  async #echo(passage: Passage, text: string): Promise<void> {
    const { log, nowMs } = this.#deps
    const { from: sender, to: us } = partiesOf(passage)
    const [from, to] = [`${us.user}@${us.domain}`, `${sender.user}@${sender.domain}`]
    const decision = await decideAgain(judgedMessage({ from, to, side: 'internal', nowMs: nowMs() }), this.#deps)
    if (decision?.verdict !== 'allow' || decision.destination?.to !== 'peer') {
      return log.info({ code: decision?.code ?? 'GH-PEER-NO-POLICY', from, to }, 'no echo: policy does not let it out')
    }
    const answer = await this.#send(passage, text, decision, decision.destination)
    if (answer.ok && answer.response.status < 300) return
    const detail = answer.ok ? `It answered ${answer.response.status}.` : `${answer.why} ${answer.detail}`
    log.info({ detail, from, to }, 'the echo was not taken')
  }

  /** A page as the message was one (RFC 3428), whatever the partner's clients prefer. */
  #send(passage: Passage, text: string, decision: Decision, destination: PeerDestination): Promise<SipAnswer> {
    const { agent, own, newId, newTag, nowMs } = this.#deps
    const { from: sender, to: us } = partiesOf(passage)
    const atMs = nowMs()
    const delivery: Delivery = {
      envelope: {
        id: newId(atMs),
        receivedAtMs: atMs,
        from: us,
        to: sender,
        conversation: `echo-${newTag()}`,
        content: { kind: 'message', messageId: '', text, subject: ECHO_SUBJECT },
      },
      destination,
      decision: markOf(decision),
      timeoutMs: ECHO_TIMEOUT_MS,
      forwardedBy: '',
    }
    const request = createOwnRequest({
      method: 'MESSAGE',
      delivery,
      fromTag: newTag(),
      host: own.external.host,
      headers: [
        ['Subject', ECHO_SUBJECT],
        ['Content-Type', 'text/plain;charset=UTF-8'],
      ],
      body: Buffer.from(text),
    })
    markOwnMessage(request, delivery, destination, own)
    return new Promise((resolve) => void agent.send(destination, request, resolve))
  }
}
