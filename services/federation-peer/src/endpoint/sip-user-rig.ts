import assert from 'node:assert/strict'
import type { DeliveryOutcome, ImContent } from '@gatehouse/im-model'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { network } from '@gatehouse/policy-engine/test'
import { createRequest, createResponse, Dialog, encodeMessage, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import type { GateRig } from '../session/gate-rig.ts'
import type { RigConnection } from '../session/rig-connection.ts'

export const JABBER: PolicyObject = network('jabber', { domains: ['jabber.example'], public: false })

export const ALICE = 'alice@contoso.example'
export const BOB = 'bob@jabber.example'
export const IM_SDP = 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\n'

type Headers = readonly (readonly [string, string])[]
interface Sent {
  readonly headers?: Headers
  readonly body?: string | Uint8Array
}

let calls = 0

/** A SIP user behind a connection of the rig, who writes to somebody elsewhere. */
export class RigUser {
  readonly rig: GateRig
  readonly link: RigConnection
  readonly from: string
  readonly to: string
  readonly #answered = new Set<SipRequest>()

  constructor(rig: GateRig, link: RigConnection = rig.inside, from: string = ALICE, to: string = BOB) {
    this.rig = rig
    this.link = link
    this.from = from
    this.to = to
  }

  request(method: string, { headers = [], body = '' }: Sent = {}): SipRequest {
    const call = ++calls
    return createRequest(
      method,
      `sip:${this.to}`,
      [
        ['Via', `SIP/2.0/TLS home.contoso.example:5061;branch=z9hG4bKu${call}`],
        ['Max-Forwards', '70'],
        ['From', `<sip:${this.from}>;tag=u${call}`],
        ['To', `<sip:${this.to}>`],
        ['Call-ID', `call-${call}@phone.contoso.example`],
        ['CSeq', `1 ${method}`],
        ...headers,
      ],
      Buffer.from(body),
    )
  }

  /** Sends it and gives the final answer. */
  async send(request: SipRequest): Promise<SipResponse> {
    const branch = request.topVia()?.branch
    this.link.receive(encodeMessage(request))
    await this.rig.settle()
    const answer = this.link.responses().find((response) => response.topVia()?.branch === branch && response.status >= 200)
    return answer ?? assert.fail(`no answer to ${request.method}`)
  }

  say(method: string, sent: Sent): Promise<SipResponse> {
    return this.send(this.request(method, sent))
  }

  /** Opens a session, with its ACK, and gives the caller's end. */
  async invite(sent: Sent = {}): Promise<{ answer: SipResponse; dialog: Dialog }> {
    const request = this.request('INVITE', {
      headers: [
        ['Contact', `<sip:${this.from.replace('@', '@phone.')}:5061;transport=tls>`],
        ['Content-Type', 'application/sdp'],
        ...(sent.headers ?? []),
      ],
      body: sent.body ?? IM_SDP,
    })
    const answer = await this.send(request)
    assert.equal(answer.status, 200)
    const dialog = Dialog.ofSent(request, answer) ?? assert.fail('no dialog')
    this.link.receive(encodeMessage(withVia(dialog.createRequest('ACK', [], { ackOf: 1 }).request)))
    await this.rig.settle()
    return { answer, dialog }
  }

  /** Whom this user writes to says something by way of the bridge; the outcome, when it comes, is added to `outcomes`. */
  async hear(content: ImContent, outcomes: DeliveryOutcome[] = []): Promise<DeliveryOutcome[]> {
    const to = addressOf(this.from)
    this.rig.endpoint.deliver(
      {
        envelope: { id: new Uint8Array(16), receivedAtMs: 0, from: addressOf(this.to), to, conversation: 'thread', content },
        destination: { to: 'inside', domain: to.domain },
        decision: { mark: 'verified', evidence: 'V3', direction: 'inbound', peerClass: 'bridge', partner: 'jabber', revision: 1 },
        timeoutMs: 10_000,
        forwardedBy: '',
      },
      (outcome) => outcomes.push(outcome),
    )
    await this.rig.settle()
    return outcomes
  }

  inDialog(dialog: Dialog, method: string, { headers = [], body = '' }: Sent = {}): Promise<SipResponse> {
    return this.send(withVia(dialog.createRequest(method, headers, { body: Buffer.from(body) }).request))
  }

  /** Answers the oldest request that this user has not answered yet. */
  async answer(status: number, sent: Sent = {}): Promise<SipRequest> {
    const request =
      this.link.requests().find((each) => each.method !== 'ACK' && !this.#answered.has(each)) ?? assert.fail('nothing waits for an answer')
    await this.answerTo(request, status, sent)
    return request
  }

  async answerTo(
    request: SipRequest,
    status: number,
    { headers = [], body = '', toTag = 'phone' }: Sent & { toTag?: string } = {},
  ): Promise<void> {
    if (status >= 200) this.#answered.add(request)
    this.link.receive(encodeMessage(createResponse(request, status, undefined, { toTag, headers, body: Buffer.from(body) })))
    await this.rig.settle()
  }
}

function addressOf(address: string): { user: string; domain: string } {
  const [user = '', domain = ''] = address.split('@')
  return { user, domain }
}

function withVia(request: SipRequest): SipRequest {
  request.headers.prepend('Via', `SIP/2.0/TLS home.contoso.example:5061;branch=z9hG4bKd${++calls}`)
  return request
}
