import { connect, type Socket } from 'node:net'
import { ns, writeXml, type XmlElement, XmlStreamReader, xml } from '@gatehouse/xmpp-core'

const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const LOGIN_MS = 8_000

export interface JabberLogin {
  readonly host: string
  readonly port: number
  readonly domain: string
  readonly user: string
  readonly password: string
}

/** As much of an XMPP client as a person in the demo needs (RFC 6120 §9.1): logs in on loopback, reads texts, writes texts. */
export class JabberClient {
  readonly #login: JabberLogin
  readonly #socket: Socket
  readonly #reader = new XmlStreamReader()
  readonly #onText: (text: string) => void
  readonly #onReady: () => void
  #ids = 0

  private constructor(login: JabberLogin, onText: (text: string) => void, onReady: () => void) {
    this.#login = login
    this.#onText = onText
    this.#onReady = onReady
    this.#socket = connect({ host: login.host, port: login.port })
    this.#socket.on('error', () => undefined)
    this.#socket.on('connect', () => this.#open())
    this.#socket.on('data', (chunk) => this.#take(chunk))
  }

  /** Resolves when the person is online. */
  static async open(login: JabberLogin, onText: (text: string) => void): Promise<JabberClient> {
    let timer: NodeJS.Timeout | undefined
    let client: JabberClient | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        client = new JabberClient(login, onText, resolve)
        timer = setTimeout(() => reject(new Error('the XMPP server did not let the person in')), LOGIN_MS)
      })
    } finally {
      clearTimeout(timer)
    }
    return client as unknown as JabberClient
  }

  say(to: string, text: string): void {
    this.#ids += 1
    this.#write(xml('message', ns.client, { to, type: 'chat', id: `demo-${this.#ids}` }, xml('body', ns.client, {}, text)))
  }

  close(): void {
    this.#socket.destroy()
  }

  #open(): void {
    const { domain } = this.#login
    this.#socket.write(
      `<?xml version='1.0'?><stream:stream xmlns='${ns.client}' xmlns:stream='${ns.streams}' to='${domain}' version='1.0' xml:lang='en'>`,
    )
  }

  #write(element: XmlElement): void {
    this.#socket.write(writeXml(element, ns.client))
  }

  #take(chunk: Buffer): void {
    this.#reader.handleData(chunk)
    for (let event = this.#reader.takeEvent(); event !== undefined; event = this.#reader.takeEvent()) {
      if (event.kind === 'element') this.#element(event.element)
    }
  }

  #element(element: XmlElement): void {
    const { user, password } = this.#login
    if (element.child('mechanisms', ns.sasl) !== undefined) {
      const secret = Buffer.from(`\0${user}\0${password}`).toString('base64')
      this.#write(xml('auth', ns.sasl, { mechanism: 'PLAIN' }, secret))
    } else if (element.is('success', ns.sasl)) {
      this.#reader.restart()
      this.#open()
    } else if (element.child('bind', BIND) !== undefined && element.name === 'features') {
      this.#write(xml('iq', ns.client, { type: 'set', id: 'bind' }, xml('bind', BIND)))
    } else if (element.name === 'iq' && element.attr('id') === 'bind') {
      this.#write(xml('presence', ns.client))
      this.#onReady()
    } else if (element.name === 'message' && element.attr('type') !== 'error') {
      const text = element.child('body')?.text() ?? ''
      if (text !== '') this.#onText(text)
    }
  }
}
