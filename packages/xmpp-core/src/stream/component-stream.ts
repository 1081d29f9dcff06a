import { readStanza } from '../stanza/read-stanza.ts'
import { ns } from '../xml/namespaces.ts'
import { writeXml } from '../xml/write-xml.ts'
import { type XmlElement, xml } from '../xml/xml-element.ts'
import type { StreamSurroundings } from './stream-types.ts'
import { XmppStream } from './xmpp-stream.ts'

export interface ComponentOptions {
  /** The domain that the server hands over to us. */
  readonly component: string
  /** The server's own domain, for pings; empty: none are sent. */
  readonly server: string
  readonly secret: string
}

/** The component's side of XEP-0114: an XMPP server hands a whole domain over to us. Call `start` once connected. */
export class ComponentStream extends XmppStream {
  readonly #options: ComponentOptions

  constructor(around: StreamSurroundings, options: ComponentOptions, nowMs: number) {
    super(around, nowMs)
    this.#options = options
  }

  start(nowMs: number): void {
    this.advance(nowMs)
    this.sendHeader(ns.component, { to: this.#options.component })
  }

  sendStanza(stanza: XmlElement): boolean {
    if (!this.isReady) return false
    this.write(writeXml(stanza, ns.client))
    return true
  }

  protected override onHeader(header: XmlElement, contentNs: string): void {
    if (contentNs !== ns.component) return this.fail('invalid-namespace', `content namespace ${contentNs.slice(0, 80)}`)
    // XEP-0114 §3: SHA-1 over id and secret, which is why the port belongs on a loopback or a private network only.
    const digest = this.around.hashes.sha1Hex(`${header.attr('id') ?? ''}${this.#options.secret}`)
    this.send(xml('handshake', ns.client, {}, digest))
  }

  protected override onElement(element: XmlElement): void {
    if (this.isReady) return this.#onStanza(element)
    if (!element.is('handshake', ns.client)) return this.fail('not-authorized', `${element.name.slice(0, 40)} before the handshake`)
    this.becomeReady()
    this.emit({ kind: 'authenticated', remote: '*', local: this.#options.component, by: 'secret' })
    this.emit({ kind: 'ready', local: this.#options.component, remote: '*', isResumed: false })
  }

  protected override signOfLife(): XmlElement | undefined {
    const { component, server } = this.#options
    if (server === '') return undefined
    return xml('iq', ns.client, { type: 'get', from: component, to: server, id: this.around.newId() }, xml('ping', ns.ping))
  }

  protected override sessionLeft(): undefined {
    return undefined
  }

  #onStanza(element: XmlElement): void {
    const reading = readStanza(element)
    if (!reading.ok) return this.fail(reading.condition, reading.detail)
    const { stanza } = reading
    // The server answers for `from`; what is not for our domain went astray.
    if (stanza.to.domain !== this.#options.component) return this.fail('improper-addressing', `stanza to ${stanza.to.domain}`)
    this.emit({ kind: 'stanza', stanza, by: 'secret', arrival: 0 })
  }
}
