import { type ConnectorContext, type Incoming, networkAddress, type ReceiveOutcome, remoteId } from '@gatehouse/bridge-kit'
import type { ImContent } from '@gatehouse/im-model'
import { bareOf, type Jid, ns, type StanzaCondition, stanzaErrorFor, type XmlElement, xml } from '@gatehouse/xmpp-core'
import { xmppAddressing } from './addressing.ts'
import type { XmppConfig } from './config.ts'
import { conditionOfStatus } from './convert/error-status.ts'
import { extension } from './convert/extension-namespaces.ts'
import { readMessage, stableIdOf, threadOf } from './convert/read-message.ts'
import { readPresence } from './convert/read-presence.ts'
import { evidenceOf } from './evidence.ts'
import type { ArrivedStanza } from './link/link-environment.ts'

export interface InboundDeps {
  readonly context: ConnectorContext
  readonly config: XmppConfig
  /** Answers go the way that leads to the other domain. */
  readonly reply: (arrived: ArrivedStanza, answer: XmlElement) => void
  /** An answer to a query of ours. */
  readonly onAnswer: (arrived: ArrivedStanza) => void
  /** A stanza of ours came back. True: somebody waited for it, here or in another replica. */
  readonly onBounce: (arrived: ArrivedStanza) => Promise<boolean>
}

const FEATURES = [
  extension.discoInfo,
  ns.ping,
  extension.chatStates,
  extension.receipts,
  extension.markers,
  extension.correction,
  extension.styling,
  extension.xhtmlIm,
  extension.outOfBand,
]

/** Takes stanzas in: what they are, who is behind them, what the core makes of them, and the answer. */
export class Inbound {
  readonly #deps: InboundDeps

  constructor(deps: InboundDeps) {
    this.#deps = deps
  }

  handle(arrived: ArrivedStanza): void {
    const { stanza, driver } = arrived
    if (stanza.name === 'iq') {
      // The answer to a query may be taken as a word on what came before it.
      driver.order.behind(this.#deps.context.clock.nowMs(), () => this.#query(arrived))
      driver.markHandled(arrived.arrival)
      return
    }
    const done = driver.order.begin()
    void this.#takeIn(arrived).finally(() => {
      driver.markHandled(arrived.arrival)
      done()
    })
  }

  /** Begins at once, in the order of the calls; resolves when all of the stanza is dealt with. */
  async #takeIn(arrived: ArrivedStanza): Promise<void> {
    const { stanza } = arrived
    if (stanza.element.attr('type') === 'error') await this.#error(arrived)
    else if (stanza.name === 'presence') await this.#presence(arrived)
    else await this.#message(arrived)
  }

  async #message(arrived: ArrivedStanza): Promise<void> {
    const { element } = arrived.stanza
    const { events, refusal } = readMessage(element)
    if (refusal !== undefined) return this.#refuse(arrived, refusal.condition, refusal.text)
    await Promise.all(events.map((event) => this.#receive(arrived, event, 'MESSAGE')))
  }

  async #presence(arrived: ArrivedStanza): Promise<void> {
    const event = readPresence(arrived.stanza.element)
    if (event !== undefined) await this.#receive(arrived, event, 'PRESENCE')
  }

  async #error(arrived: ArrivedStanza): Promise<void> {
    if ((await this.#deps.onBounce(arrived)) || arrived.stanza.name !== 'message') return
    // The refusal of a message that was taken before: its sender is told as far as receipts can tell (RFC 5438 §8.2).
    const of = arrived.stanza.element.attr('id') ?? ''
    if (of !== '') await this.#receive(arrived, { kind: 'receipt', of, state: 'failed', code: 'GH-XMPP-BOUNCED' }, 'MESSAGE')
  }

  async #receive(arrived: ArrivedStanza, content: ImContent, method: string): Promise<void> {
    const { context, config } = this.#deps
    const { stanza, by, side, driver } = arrived
    const from = personOf(stanza.from)
    const to = personOf(stanza.to)
    if (to === undefined) return this.#refuse(arrived, 'service-unavailable', '')
    if (from === undefined) return this.#refuse(arrived, 'jid-malformed', '')
    const incoming: Incoming = {
      side,
      from,
      to,
      conversation: stanza.name === 'message' ? threadOf(stanza.element) : '',
      remoteId: remoteId(stableIdOf(stanza.element)),
      content,
      method,
      evidence: evidenceOf(side, by, stanza.element, config.accountHints, driver.daneDomain === stanza.from.domain),
      source: {
        remote: `${driver.wire.remote.address}:${driver.wire.remote.port}`,
        server: stanza.from.domain,
        peer: driver.wire.security?.peer,
      },
    }
    try {
      this.#answer(arrived, content, await context.receive(incoming))
    } catch {
      // It promised not to; the sender is not left in the dark all the same.
      this.#refuse(arrived, 'internal-server-error', '')
    }
  }

  /** Only the refusal of a message is told: nobody waits for the fate of a typing notice, and presence is silent (RFC 6121 §8.5). */
  #answer(arrived: ArrivedStanza, content: ImContent, outcome: ReceiveOutcome): void {
    if (outcome.status !== 'failed' || content.kind !== 'message') return
    this.#refuse(arrived, conditionOfStatus(outcome.sipStatus), outcome.notice)
  }

  #refuse(arrived: ArrivedStanza, condition: StanzaCondition, text: string): void {
    const answer = stanzaErrorFor(arrived.stanza.element, condition, text)
    if (answer !== undefined) this.#deps.reply(arrived, answer)
  }

  /** RFC 6120 §8.2.3: every query is answered. */
  #query(arrived: ArrivedStanza): void {
    const { element } = arrived.stanza
    const type = element.attr('type')
    if (type === 'result' || type === 'error') return this.#deps.onAnswer(arrived)
    if (type === 'get' && element.child('ping', ns.ping) !== undefined) return this.#result(arrived)
    if (type === 'get' && element.child('query', extension.discoInfo) !== undefined) {
      const identity = xml('identity', extension.discoInfo, { category: 'gateway', type: 'sip', name: 'Gatehouse' })
      const features = FEATURES.map((feature) => xml('feature', extension.discoInfo, { var: feature }))
      return this.#result(arrived, xml('query', extension.discoInfo, {}, identity, ...features))
    }
    this.#refuse(arrived, 'service-unavailable', '')
  }

  #result(arrived: ArrivedStanza, content?: XmlElement): void {
    const { element } = arrived.stanza
    const addresses = { type: 'result', from: element.attr('to'), to: element.attr('from'), id: element.attr('id') }
    this.#deps.reply(arrived, xml('iq', ns.client, addresses, content))
  }
}

function personOf(jid: Jid): Incoming['from'] | undefined {
  return xmppAddressing.fromNetwork(networkAddress(bareOf(jid)))
}
