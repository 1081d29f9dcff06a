import { Buffer } from 'node:buffer'
import { readStanza } from '../stanza/read-stanza.ts'
import { readStanzaError, stanzaConditions } from '../stanza/stanza-error.ts'
import { ns } from '../xml/namespaces.ts'
import { writeXml } from '../xml/write-xml.ts'
import { type XmlElement, xml } from '../xml/xml-element.ts'
import { dialbackKey } from './dialback-key.ts'
import { type SessionState, StreamManagement } from './stream-management.ts'
import type { DialbackVerdict, StreamSurroundings, Ticket } from './stream-types.ts'
import { XmppStream } from './xmpp-stream.ts'

export interface OutgoingOptions {
  readonly local: string
  readonly remote: string
  /** `required`: nothing is said before TLS; `done`: the connection is secure (XEP-0368); `never`: a lab. */
  readonly tls: 'required' | 'done' | 'never'
  /** Whether the server's certificate speaks for a domain; undefined until the connection is secure. */
  readonly certifies: ((domain: string) => boolean) | undefined
  /** Send to a server that only DNS vouches for? Else its certificate has to be good. */
  readonly acceptUncertified: boolean
  /** Show our certificate (SASL EXTERNAL) where the server offers to look at it. */
  readonly useExternal: boolean
  /** Fall back to dialback, or do nothing but it. */
  readonly useDialback: boolean
  readonly wantBidi: boolean
  readonly wantManagement: boolean
  /** `verify`: only to ask about keys (XEP-0220 §2.2.2); no stanza is ever sent. */
  readonly purpose: 'stanzas' | 'verify'
  /** What a broken stream left (XEP-0198 §5). */
  readonly session?: SessionState | undefined
}

/** A stream that we open to another server (RFC 6120, initiating entity). Call `start` once connected. */
export class OutgoingStream extends XmppStream {
  readonly #options: OutgoingOptions
  #certifies: ((domain: string) => boolean) | undefined
  #isSecure: boolean
  #streamId = ''
  #isAuthenticated = false
  #isAuthTried = false
  #isBidi = false
  #isResumeRefused = false
  /** Pairs whose key we sent, `local remote`; true: accepted. */
  readonly #pairs = new Map<string, boolean>()
  /** Keys that we asked about: `remote local id`, and until when we wait. */
  readonly #asked = new Map<
    string,
    { readonly remote: string; readonly local: string; readonly streamId: string; readonly untilMs: number }
  >()

  constructor(around: StreamSurroundings, options: OutgoingOptions, nowMs: number) {
    super(around, nowMs)
    this.#options = options
    this.#certifies = options.certifies
    this.#isSecure = options.tls === 'done'
  }

  get isBidi(): boolean {
    return this.#isBidi
  }

  /** Stream management is on: `acked` tells what the peer has. */
  get isAcknowledged(): boolean {
    return this.management !== undefined
  }

  start(nowMs: number): void {
    this.advance(nowMs)
    this.#sendHeader()
  }

  handleSecured(nowMs: number, certifies: (domain: string) => boolean): void {
    this.#certifies = certifies
    this.#isSecure = true
    this.resumeSecured(nowMs)
    this.#sendHeader()
  }

  /** Sends a stanza. False: the pair is not authenticated, or too much is not acknowledged. */
  sendStanza(stanza: XmlElement, ticket: Ticket): boolean {
    if (!this.isReady || this.#options.purpose === 'verify' || this.management?.isFull === true) return false
    const text = writeXml(stanza, ns.client)
    this.management?.noteSent(text, ticket)
    this.write(text)
    return true
  }

  /** May stanzas be sent from that domain of ours? */
  canSendFrom(local: string): boolean {
    if (!this.isReady || this.management?.isFull === true) return false
    return local === this.#options.local || this.#pairs.get(`${local} ${this.#options.remote}`) === true
  }

  /** Several domains on one stream (XEP-0220 §2.6): asks to send from another domain of ours; `ready` or `refused` follows. */
  addDomain(nowMs: number, local: string): void {
    this.advance(nowMs)
    if (this.isReady) this.#sendKey(local)
  }

  /** Asks the server whether it made a key; `verified` follows, in `timers.verifyMs` at the latest. */
  askVerify(nowMs: number, question: { remote: string; local: string; streamId: string; key: string }): void {
    this.advance(nowMs)
    const { remote, local, streamId, key } = question
    this.#asked.set(`${remote} ${local} ${streamId}`, { remote, local, streamId, untilMs: nowMs + this.around.timers.verifyMs })
    this.send(xml('verify', ns.dialback, { from: local, to: remote, id: streamId }, key))
  }

  protected override onHeader(header: XmlElement, contentNs: string): void {
    if (contentNs !== ns.server) return this.fail('invalid-namespace', `content namespace ${contentNs.slice(0, 80)}`)
    this.#streamId = header.attr('id') ?? ''
    const from = header.attr('from')
    if (from !== undefined && from.toLowerCase() !== this.#options.remote) {
      return this.fail('invalid-from', `${this.#options.remote} answers as ${from.slice(0, 256)}`)
    }
    if (header.attr('version') === undefined) this.fail('unsupported-version', 'no version 1.0')
  }

  protected override onElement(element: XmlElement): void {
    if (element.is('features', ns.streams)) this.#onFeatures(element)
    else if (element.ns === ns.tls) this.#onTls(element)
    else if (element.ns === ns.sasl) this.#onSasl(element)
    else if (element.ns === ns.dialback) this.#onDialback(element)
    else if (element.ns === ns.management) this.#onManagement(element)
    else this.#onStanza(element)
  }

  protected override signOfLife(): XmlElement {
    if (this.management !== undefined) return xml('r', ns.management)
    const { local, remote } = this.#options
    return xml('iq', ns.client, { type: 'get', from: local, to: remote, id: this.around.newId() }, xml('ping', ns.ping))
  }

  protected override sessionLeft(): SessionState | undefined {
    const { local, remote } = this.#options
    return this.management === undefined || this.management.id === '' ? undefined : this.management.state(local, remote)
  }

  protected override onTick(nowMs: number): void {
    for (const question of this.#asked.values()) if (nowMs >= question.untilMs) this.#answered(question, 'remote-server-timeout')
  }

  protected override nextOwnDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { untilMs } of this.#asked.values()) next = Math.min(next, untilMs)
    return next
  }

  #sendHeader(): void {
    const { local, remote } = this.#options
    this.sendHeader(ns.server, { from: local, to: remote, version: '1.0' })
  }

  #onFeatures(features: XmlElement): void {
    const { tls, purpose } = this.#options
    if (!this.#isSecure && tls !== 'never') {
      if (features.child('starttls', ns.tls) === undefined) return this.fail('policy-violation', 'the server offers no TLS')
      return this.send(xml('starttls', ns.tls))
    }
    if (this.#isAuthenticated) return this.#afterAuthentication(features)
    const isCertified = this.#certifies?.(this.#options.remote) === true
    if (!isCertified && !this.#options.acceptUncertified)
      return this.fail('not-authorized', 'the certificate does not speak for the domain')
    if (purpose === 'verify') return this.#ready(false)
    // XEP-0288 §2.2: before authentication. Only with one whose certificate is good: nothing else says who will answer.
    if (this.#options.wantBidi && isCertified && features.child('bidi', ns.bidiFeature) !== undefined) {
      this.send(xml('bidi', ns.bidi))
      this.#isBidi = true
    }
    const mechanisms = features.child('mechanisms', ns.sasl)?.elements() ?? []
    if (this.#options.useExternal && mechanisms.some((mechanism) => mechanism.text().trim() === 'EXTERNAL')) this.#authenticate()
    else this.#fallBack('the server does not offer SASL EXTERNAL')
  }

  #authenticate(): void {
    this.#isAuthTried = true
    const identity = Buffer.from(this.#options.local, 'utf8').toString('base64')
    this.send(xml('auth', ns.sasl, { mechanism: 'EXTERNAL' }, identity))
  }

  #fallBack(why: string): void {
    if (!this.#options.useDialback) return this.fail('not-authorized', why)
    this.#sendKey(this.#options.local)
  }

  #sendKey(local: string): void {
    const { remote } = this.#options
    const key = dialbackKey(this.around.hashes, this.around.dialbackSecret, { receiving: remote, originating: local }, this.#streamId)
    if (!this.#pairs.has(`${local} ${remote}`)) this.#pairs.set(`${local} ${remote}`, false)
    this.send(xml('result', ns.dialback, { from: local, to: remote }, key))
  }

  #onTls(element: XmlElement): void {
    if (this.#isSecure || element.name !== 'proceed') return this.fail('policy-violation', 'TLS refused')
    this.halt()
  }

  #onSasl(element: XmlElement): void {
    if (!this.#isAuthTried || this.#isAuthenticated) return this.fail('policy-violation', 'an answer to no authentication')
    if (element.name === 'success') {
      this.#isAuthenticated = true
      this.expectRestart()
      this.#sendHeader()
    } else if (element.name === 'challenge') this.send(xml('response', ns.sasl, {}, Buffer.from(this.#options.local).toString('base64')))
    else {
      const [reason] = element.elements()
      this.#fallBack(`SASL EXTERNAL refused: ${(reason?.name ?? 'no reason').slice(0, 40)}`)
    }
  }

  #afterAuthentication(features: XmlElement): void {
    if (!this.#options.wantManagement || features.child('sm', ns.management) === undefined) return this.#ready(false)
    const { session } = this.#options
    if (session === undefined) this.send(xml('enable', ns.management, { resume: 'true' }))
    else this.send(xml('resume', ns.management, { previd: session.id, h: String(session.received) }))
  }

  #onManagement(element: XmlElement): void {
    if (this.management === undefined) this.#onManagementOffer(element)
    else if (element.name === 'r') this.send(this.management.answer())
    else if (element.name === 'a') this.#onAnswer(element.attr('h'))
    else this.fail('unsupported-stanza-type', `stream management ${element.name.slice(0, 40)}`)
  }

  #onManagementOffer(element: XmlElement): void {
    const { session } = this.#options
    if (this.isReady || !this.#isAuthenticated) return this.fail('policy-violation', 'stream management unasked')
    if (element.name === 'enabled' && (session === undefined || this.#isResumeRefused)) {
      const isResumable = element.attr('resume') === 'true' || element.attr('resume') === '1'
      this.management = new StreamManagement(isResumable ? (element.attr('id') ?? '').slice(0, 4000) : '')
      return this.#ready(false)
    }
    if (element.name === 'resumed' && session !== undefined && !this.#isResumeRefused) {
      this.management = new StreamManagement(session.id, session)
      this.#onAnswer(element.attr('h'))
      for (const text of this.management.unackedTexts()) this.write(text)
      return this.#ready(true)
    }
    if (session !== undefined && !this.#isResumeRefused) {
      // The session is lost; what it left is its owner's to judge, who has the tickets (XEP-0198 §5).
      this.#isResumeRefused = true
      return this.send(xml('enable', ns.management, { resume: 'true' }))
    }
    this.#ready(false)
  }

  #onAnswer(h: string | undefined): void {
    const tickets = this.management?.takeAnswer(h)
    if (tickets === undefined) return this.fail('undefined-condition', 'acknowledges more than was sent')
    const wanted = tickets.filter((ticket) => ticket !== 0)
    if (wanted.length > 0) this.emit({ kind: 'acked', tickets: wanted })
  }

  #onDialback(element: XmlElement): void {
    const from = (element.attr('from') ?? '').toLowerCase()
    const to = (element.attr('to') ?? '').toLowerCase()
    const type = element.attr('type')
    if (element.name === 'verify') {
      const question = this.#asked.get(`${from} ${to} ${element.attr('id') ?? ''}`)
      if (question === undefined) return this.fail('policy-violation', 'a dialback answer that nobody asked for')
      this.#answered(question, verdictOf(element, type))
    } else if (element.name === 'result' && type !== undefined && this.#pairs.has(`${to} ${from}`)) {
      this.#onResult(to, from, verdictOf(element, type))
    } else this.fail('policy-violation', 'a dialback answer that nobody asked for')
  }

  #answered(question: { remote: string; local: string; streamId: string }, verdict: DialbackVerdict): void {
    const { remote, local, streamId } = question
    this.#asked.delete(`${remote} ${local} ${streamId}`)
    this.emit({ kind: 'verified', remote, local, streamId, verdict })
  }

  #onResult(local: string, remote: string, verdict: DialbackVerdict): void {
    if (verdict === 'valid') {
      this.#pairs.set(`${local} ${remote}`, true)
      if (this.isReady) this.emit({ kind: 'ready', local, remote, isResumed: false })
      else this.#ready(false)
      return
    }
    this.#pairs.delete(`${local} ${remote}`)
    this.emit({ kind: 'refused', local, remote, verdict, detail: 'dialback' })
    if (!this.isReady) this.fail('not-authorized', `dialback: ${verdict}`)
  }

  #ready(isResumed: boolean): void {
    this.becomeReady()
    const { local, remote } = this.#options
    // What the server may send back here (XEP-0288); its certificate was looked at before we asked for it.
    if (this.#isBidi) this.emit({ kind: 'authenticated', remote, local, by: 'certificate' })
    this.emit({ kind: 'ready', local, remote, isResumed })
  }

  #onStanza(element: XmlElement): void {
    const reading = readStanza(element)
    if (!reading.ok) return this.fail(reading.condition, reading.detail)
    const { stanza } = reading
    if (!this.#isBidi || this.phase === 'negotiating') return this.fail('not-authorized', 'a stanza on a stream that goes one way')
    if (stanza.from.domain !== this.#options.remote) return this.fail('invalid-from', `stanza from ${stanza.from.domain}`)
    if (stanza.to.domain !== this.#options.local) return this.fail('improper-addressing', `stanza to ${stanza.to.domain}`)
    const arrival = this.management?.noteArrived() ?? 0
    this.emit({ kind: 'stanza', stanza, by: 'certificate', arrival })
  }
}

function verdictOf(element: XmlElement, type: string | undefined): DialbackVerdict {
  if (type === 'valid' || type === 'invalid') return type
  if (type !== 'error') return 'undefined-condition'
  const { condition } = readStanzaError(element.with({}))
  if (condition !== 'undefined-condition') return condition
  // Inside a db element the error is in the content namespace, or (seen) in that of dialback.
  const error = element.elements().find((child) => child.name === 'error')
  const name = error?.elements().find((child) => child.ns === ns.stanzaErrors)?.name ?? ''
  return Object.hasOwn(stanzaConditions, name) ? (name as DialbackVerdict) : 'undefined-condition'
}
