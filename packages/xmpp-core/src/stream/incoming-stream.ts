import { parseJid } from '../jid/jid.ts'
import { readStanza } from '../stanza/read-stanza.ts'
import { errorElement } from '../stanza/stanza-error.ts'
import { ns } from '../xml/namespaces.ts'
import { writeXml } from '../xml/write-xml.ts'
import { type XmlElement, xml } from '../xml/xml-element.ts'
import { dialbackKey, keysMatch } from './dialback-key.ts'
import { PeerDomains } from './peer-domains.ts'
import { readExternal, type SaslFailure } from './read-external.ts'
import { type SessionState, StreamManagement } from './stream-management.ts'
import type { DialbackVerdict, StreamSurroundings, Ticket } from './stream-types.ts'
import { XmppStream } from './xmpp-stream.ts'

export interface IncomingOptions {
  readonly isHosted: (domain: string) => boolean
  /** Offer and demand STARTTLS; false where the connection is secure already (XEP-0368), or never will be (a lab). */
  readonly startTls: boolean
  /** Whether the peer's certificate speaks for a domain; undefined until the connection is secure. */
  readonly certifies: ((domain: string) => boolean) | undefined
  /** May a domain be authenticated by dialback alone? */
  readonly allowDialback: boolean
  readonly offerBidi: boolean
  readonly offerManagement: boolean
  /** Takes out the session that a broken stream left (XEP-0198 §5). */
  readonly takeSession: (id: string) => SessionState | undefined
}

/** Attempts at SASL on one stream (RFC 6120 §6.4.5 wants two to five). */
const MAX_AUTH_TRIES = 3
/** Dialbacks under way on one stream. */
const MAX_VERIFYING = 32

/** A stream that another server opened to us (RFC 6120, receiving entity). */
export class IncomingStream extends XmppStream {
  readonly #options: IncomingOptions
  readonly #domains = new PeerDomains()
  /** Pairs that are being verified. */
  readonly #verifying = new Set<string>()
  #certifies: ((domain: string) => boolean) | undefined
  #startTls: boolean
  #streamId = ''
  #from: string | undefined
  #to = ''
  #external: string | undefined
  #authTries = 0
  #isBidi = false

  constructor(around: StreamSurroundings, options: IncomingOptions, nowMs: number) {
    super(around, nowMs)
    this.#options = options
    this.#certifies = options.certifies
    this.#startTls = options.startTls
  }

  /** Which of our domains the stream was opened to; empty before its header came. */
  get addressedDomain(): string {
    return this.#to
  }

  /** What the peer calls itself in its header; proved or not. Undefined before, or when it does not say. */
  get claimedDomain(): string | undefined {
    return this.#from
  }

  /** Stream management is on: `acked` tells what the peer has. */
  get isAcknowledged(): boolean {
    return this.management !== undefined
  }

  /** TLS is up; `certifies` is made from the certificate that the peer presented. */
  handleSecured(nowMs: number, certifies: (domain: string) => boolean): void {
    this.#certifies = certifies
    this.#startTls = false
    this.resumeSecured(nowMs)
  }

  /** The answer to `verifyDialback`; ignored when the pair is not waited for (XEP-0220 §2.3). */
  answerDialback(nowMs: number, remote: string, local: string, verdict: DialbackVerdict): void {
    this.advance(nowMs)
    if (this.isClosed || !this.#verifying.delete(`${remote} ${local}`)) return
    if (verdict === 'valid') this.#authenticate(remote, local, 'dialback')
    this.#sendResult(remote, local, verdict)
  }

  /** Sends a stanza back on this stream where the peer asked for that (XEP-0288). False: not possible. */
  sendStanza(stanza: XmlElement, ticket: Ticket): boolean {
    if (!this.canSendTo(parseJid(stanza.attr('to') ?? '')?.domain ?? '', parseJid(stanza.attr('from') ?? '')?.domain ?? '')) return false
    const text = writeXml(stanza, ns.client)
    this.management?.noteSent(text, ticket)
    this.write(text)
    return true
  }

  /** XEP-0288 §2.3: back to the domain that opened the stream, from the one that it was opened to. */
  canSendTo(remote: string, local: string): boolean {
    return this.#isBidi && this.isReady && this.management?.isFull !== true && remote === this.#from && local === this.#to
  }

  protected override onHeader(header: XmlElement, contentNs: string): void {
    this.#streamId = this.around.newId()
    const from = header.attr('from')
    const to = header.attr('to')
    this.sendHeader(ns.server, { from: to, to: from, id: this.#streamId, version: '1.0' })
    if (contentNs !== ns.server) return this.fail('invalid-namespace', `content namespace ${contentNs.slice(0, 80)}`)
    // RFC 6120 §4.7.5: no version is 0.9, which knows neither TLS nor errors.
    if (!/^[1-9]\d{0,2}\.\d{1,3}$/.test(header.attr('version') ?? '')) return this.fail('unsupported-version', 'no version 1.0')
    const local = parseJid(to ?? '')
    if (local === undefined || local.local !== '' || !this.#options.isHosted(local.domain)) {
      return this.fail('host-unknown', `stream to ${(to ?? 'nobody').slice(0, 256)}`)
    }
    const remote = from === undefined ? undefined : parseJid(from)
    if (from !== undefined && (remote === undefined || remote.local !== '')) return this.fail('improper-addressing', 'from is no domain')
    // A peer that has shown who it is does not become somebody else, nor one of us.
    if (this.#external !== undefined && remote !== undefined && remote.domain !== this.#external) {
      return this.fail('invalid-from', `stream from ${remote.domain}, authenticated as ${this.#external}`)
    }
    if (remote !== undefined && this.#options.isHosted(remote.domain)) return this.fail('invalid-from', `${remote.domain} is ours`)
    this.#from = remote?.domain ?? this.#external
    this.#to = local.domain
    this.#sendFeatures()
    if (this.#external !== undefined) this.#becomeTwoWay()
  }

  protected override onElement(element: XmlElement): void {
    if (this.#startTls) {
      if (element.is('starttls', ns.tls)) this.#proceed()
      else this.fail('policy-violation', `${element.name.slice(0, 40)} before TLS`)
    } else if (element.ns === ns.dialback) this.#onDialback(element)
    else if (element.is('auth', ns.sasl)) this.#onAuth(element)
    else if (element.ns === ns.management) this.#onManagement(element)
    else if (element.is('bidi', ns.bidi) && this.#options.offerBidi) this.#isBidi = true
    else if (this.#domains.isEmpty) this.fail('not-authorized', `${element.name.slice(0, 40)} before authentication`)
    else this.#onStanza(element)
  }

  protected override signOfLife(): XmlElement | undefined {
    if (this.management !== undefined) return xml('r', ns.management)
    // One way only: a ping would be a stanza, and the peer takes none here.
    if (!this.#isBidi) return undefined
    return xml('iq', ns.client, { type: 'get', from: this.#to, to: this.#from, id: this.around.newId() }, xml('ping', ns.ping))
  }

  protected override sessionLeft(): SessionState | undefined {
    return this.management === undefined || this.management.id === '' ? undefined : this.management.state(this.#to, this.#from ?? '')
  }

  #sendFeatures(): void {
    const features: XmlElement[] = []
    const isCertified = this.#from !== undefined && this.#certifies?.(this.#from) === true
    if (this.#startTls) features.push(xml('starttls', ns.tls, {}, xml('required', ns.tls)))
    else {
      // XEP-0178 §3: offered only to those whose certificate will do, so that the others go on to dialback.
      if (isCertified && this.#external === undefined)
        features.push(xml('mechanisms', ns.sasl, {}, xml('mechanism', ns.sasl, {}, 'EXTERNAL')))
      if (this.#options.offerBidi && this.#external === undefined) features.push(xml('bidi', ns.bidiFeature))
      if (this.#external !== undefined && this.#options.offerManagement) features.push(xml('sm', ns.management))
      features.push(xml('dialback', ns.dialbackFeature, {}, xml('errors', ns.dialbackFeature)))
    }
    this.send(xml('features', ns.streams, {}, ...features))
  }

  #proceed(): void {
    this.send(xml('proceed', ns.tls))
    this.halt()
  }

  #onAuth(auth: XmlElement): void {
    if (this.#external !== undefined) return this.fail('policy-violation', 'authentication twice')
    this.#authTries += 1
    const asked: { readonly domain: string } | { readonly failure: SaslFailure } =
      auth.attr('mechanism') === 'EXTERNAL' ? readExternal(auth.text().trim(), this.#from) : { failure: 'invalid-mechanism' }
    if ('failure' in asked) return this.#refuseAuth(asked.failure)
    const { domain } = asked
    // XEP-0178 §3: who it asks to be has to be who it opened the stream as.
    if (this.#from !== undefined && domain !== this.#from) return this.#refuseAuth('invalid-authzid')
    if (this.#options.isHosted(domain)) return this.#refuseAuth('invalid-authzid')
    if (this.#certifies?.(domain) !== true) return this.#refuseAuth('not-authorized')
    this.#external = domain
    this.send(xml('success', ns.sasl))
    this.#authenticate(domain, '*', 'certificate')
    this.expectRestart()
  }

  #refuseAuth(failure: SaslFailure): void {
    this.send(xml('failure', ns.sasl, {}, xml(failure, ns.sasl)))
    if (this.#authTries >= MAX_AUTH_TRIES) this.fail('policy-violation', 'too many attempts at authentication')
  }

  #authenticate(remote: string, local: string, by: 'certificate' | 'dialback'): void {
    if (!this.#domains.add(remote, local, by)) return this.fail('resource-constraint', 'too many domains on one stream')
    this.emit({ kind: 'authenticated', remote, local, by })
    if (by === 'dialback') this.#becomeTwoWay()
    else this.reader.setLimits(this.around.limits.peers)
  }

  #becomeTwoWay(): void {
    const isFirst = !this.isReady
    this.becomeReady()
    if (isFirst && this.#isBidi && this.#from !== undefined && this.#domains.evidenceFor(this.#from, this.#to) !== undefined) {
      this.emit({ kind: 'ready', local: this.#to, remote: this.#from, isResumed: false })
    }
  }

  #onDialback(element: XmlElement): void {
    const remote = parseJid(element.attr('from') ?? '')
    const local = parseJid(element.attr('to') ?? '')
    if (remote === undefined || local === undefined || remote.local !== '' || local.local !== '') {
      return this.fail('improper-addressing', 'dialback without two domains')
    }
    // Answers belong on the stream that asked, and that one is ours (XEP-0220 §2.2.2): nobody is let in by telling us that he is valid.
    if (element.attr('type') !== undefined) return this.fail('policy-violation', 'a dialback answer that nobody asked for')
    if (element.name === 'verify') this.#onVerify(element, remote.domain, local.domain)
    else if (element.name === 'result') this.#onResult(element, remote.domain, local.domain)
    else this.fail('unsupported-stanza-type', `dialback ${element.name.slice(0, 40)}`)
  }

  /** XEP-0220 §2.3: somebody wants to send to us as `remote`. */
  #onResult(element: XmlElement, remote: string, local: string): void {
    if (!this.#options.isHosted(local)) return this.#sendResult(remote, local, 'item-not-found')
    if (this.#options.isHosted(remote)) return this.fail('invalid-from', `${remote} is ours`)
    if (this.#certifies?.(remote) === true) {
      // XEP-0178 §3, "dialback without dialback": a good certificate proves more than a key.
      this.#authenticate(remote, '*', 'certificate')
      this.#becomeTwoWay()
      return this.#sendResult(remote, local, 'valid')
    }
    if (!this.#options.allowDialback) return this.#sendResult(remote, local, 'not-authorized')
    if (this.#verifying.size >= MAX_VERIFYING) return this.fail('resource-constraint', 'too many dialbacks at once')
    const pair = `${remote} ${local}`
    if (this.#verifying.has(pair)) return
    this.#verifying.add(pair)
    this.emit({ kind: 'verifyDialback', remote, local, key: element.text().trim().slice(0, 1024), streamId: this.#streamId })
  }

  /** XEP-0220 §2.4: somebody asks whether we made a key. */
  #onVerify(element: XmlElement, remote: string, local: string): void {
    const id = element.attr('id') ?? ''
    const addresses = { from: local, to: remote, id }
    if (!this.#options.isHosted(local)) {
      this.send(xml('verify', ns.dialback, { ...addresses, type: 'error' }, errorElement('item-not-found')))
      return
    }
    const key = dialbackKey(this.around.hashes, this.around.dialbackSecret, { receiving: remote, originating: local }, id)
    const isValid = id !== '' && keysMatch(element.text().trim(), key)
    this.send(xml('verify', ns.dialback, { ...addresses, type: isValid ? 'valid' : 'invalid' }))
  }

  #sendResult(remote: string, local: string, verdict: DialbackVerdict): void {
    const addresses = { from: local, to: remote }
    if (verdict === 'valid' || verdict === 'invalid') this.send(xml('result', ns.dialback, { ...addresses, type: verdict }))
    else this.send(xml('result', ns.dialback, { ...addresses, type: 'error' }, errorElement(verdict)))
    // XEP-0220 §2.3.2: after an invalid key the stream ends, with it every other pair.
    if (verdict === 'invalid') this.close(this.nowMs)
  }

  #onManagement(element: XmlElement): void {
    if (this.#external === undefined) return this.send(xml('failed', ns.management, {}, xml('unexpected-request', ns.stanzaErrors)))
    if (element.name === 'enable' && this.management === undefined && this.#options.offerManagement) {
      const id = element.attr('resume') === 'true' || element.attr('resume') === '1' ? this.around.newId() : ''
      this.management = new StreamManagement(id)
      this.send(xml('enabled', ns.management, id === '' ? {} : { id, resume: 'true' }))
    } else if (element.name === 'resume' && this.management === undefined) this.#onResume(element)
    else if (this.management === undefined) this.send(xml('failed', ns.management, {}, xml('unexpected-request', ns.stanzaErrors)))
    else if (element.name === 'r') this.send(this.management.answer())
    else if (element.name === 'a') this.#onAnswer(element)
    else this.fail('unsupported-stanza-type', `stream management ${element.name.slice(0, 40)}`)
  }

  #onResume(element: XmlElement): void {
    const state = this.#options.takeSession(element.attr('previd') ?? '')
    // A session belongs to the domain that proved itself when it began.
    if (state === undefined || state.remote !== this.#external || state.local !== this.#to) {
      return this.send(xml('failed', ns.management, {}, xml('item-not-found', ns.stanzaErrors)))
    }
    const management = new StreamManagement(state.id, state)
    const tickets = management.takeAnswer(element.attr('h'))
    if (tickets === undefined) return this.fail('undefined-condition', 'acknowledges more than was sent')
    this.management = management
    this.send(xml('resumed', ns.management, { previd: state.id, h: String(management.received) }))
    for (const text of management.unackedTexts()) this.write(text)
    if (tickets.length > 0) this.emit({ kind: 'acked', tickets })
  }

  #onAnswer(element: XmlElement): void {
    const tickets = this.management?.takeAnswer(element.attr('h'))
    if (tickets === undefined) this.fail('undefined-condition', 'acknowledges more than was sent')
    else if (tickets.length > 0) this.emit({ kind: 'acked', tickets })
  }

  #onStanza(element: XmlElement): void {
    const reading = readStanza(element)
    if (!reading.ok) return this.fail(reading.condition, reading.detail)
    const { stanza } = reading
    if (!this.#options.isHosted(stanza.to.domain)) return this.fail('host-unknown', `stanza to ${stanza.to.domain}`)
    const by = this.#domains.evidenceFor(stanza.from.domain, stanza.to.domain)
    // RFC 6120 §4.9.3.9: spoofed, or a pair that was never verified.
    if (by === undefined) return this.fail('invalid-from', `stanza from ${stanza.from.domain}`)
    const arrival = this.management?.noteArrived() ?? 0
    this.emit({ kind: 'stanza', stanza, by, arrival })
  }
}
