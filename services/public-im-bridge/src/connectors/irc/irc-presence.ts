import type { Addressing, ConnectorContext, LinkedAccount, NetworkAddress } from '@gatehouse/bridge-kit'
import { failedOutcome, sentOutcome } from '@gatehouse/delivery'
import { messageOf } from '@gatehouse/errors'
import type { DeliveryOutcome, PresenceEvent } from '@gatehouse/im-model'
import { type IrcClient, ircCodes } from '@gatehouse/irc-core'
import type { WhoisAnswer } from './ask-queue.ts'
import type { IrcConfig } from './config.ts'
import { awayWords, OwnAway } from './own-away.ts'
import { type IrcPerson, personOf } from './people.ts'
import { type IrcIngress, readPresence } from './read-message.ts'
import { WatchedPeople } from './watched-people.ts'

export interface IrcPresenceDeps {
  readonly linked: LinkedAccount
  readonly config: IrcConfig
  readonly context: ConnectorContext
  readonly addressing: Addressing
  readonly client: IrcClient
  readonly ingress: () => IrcIngress
  /** What was done to the client goes out. */
  readonly pump: () => void
  /** Undefined: the connection is gone. */
  readonly ask: (nick: string) => Promise<WhoisAnswer | undefined>
  /** The nick under which somebody was heard last. */
  readonly likelyNick: (person: IrcPerson) => string
}

/** Told of somebody who is watched. */
type Seen = 'here' | 'away' | 'gone'

/** Who is there and who is away, both ways: MONITOR, WHOIS and AWAY of those whom our user watches, and AWAY for the user where that is wished. */
export class IrcPresence {
  readonly #deps: IrcPresenceDeps
  readonly #watched: WatchedPeople
  readonly #own: OwnAway
  readonly #seen = new Map<NetworkAddress, Seen>()
  /** The link says that everybody on the network may see whether the user is away. */
  readonly #showsAway: boolean
  #stopAsking: () => void = () => {}
  #isOver = false

  constructor(deps: IrcPresenceDeps) {
    this.#deps = deps
    const { context, linked } = deps
    this.#watched = new WatchedPeople(context, linked.id)
    this.#own = new OwnAway(context, linked.id)
    this.#showsAway = linked.settings['away'] === 'shown'
  }

  /** The connection is ready. */
  async begin(): Promise<void> {
    const { client, context, config } = this.#deps
    await this.#watched.load()
    if (this.#isOver) return
    this.#monitor(this.#watched.names)
    if (!client.tellsAway) this.#stopAsking = context.clock.every(config.askAwayMs, () => this.#askAway())
    if (!this.#showsAway) return
    await this.#own.load()
    if (this.#isOver) return
    if (this.#own.words !== undefined) this.#sayAway()
    // what the user is up to may have changed meanwhile
    const [anybody] = this.#watched.names
    if (anybody !== undefined) this.#tell(anybody, { type: 'probe' })
  }

  /** The connection is gone; `isLeaving`: because we want it so. */
  end(isLeaving: boolean): void {
    this.#isOver = true
    this.#stopAsking()
    if (!isLeaving) for (const name of this.#watched.names) this.#tell(name, { type: 'unavailable' })
    this.#seen.clear()
  }

  /** MONITOR asks nobody for consent, so a subscription is granted at once. */
  take(name: NetworkAddress, event: PresenceEvent): DeliveryOutcome {
    const { client } = this.#deps
    const { type } = event
    if (type === 'available' || type === 'unavailable') this.#ownerIs(event)
    if (type === 'unsubscribe') this.#forget(name)
    if (type !== 'subscribe' && type !== 'probe') return sentOutcome()
    if (!client.isReady) return failedOutcome(ircCodes, 'GH-IRC-NOT-CONNECTED')
    if (!this.#watched.add(name) || !this.#monitor([name])) return failedOutcome(ircCodes, 'GH-IRC-NO-PRESENCE')
    if (type === 'subscribe') {
      this.#tell(name, { type: 'subscribed' })
      // the home system lets those see whether the user is away whom the user wants to see
      if (this.#showsAway) this.#tell(name, { type: 'subscribe' })
    }
    // who is watched already is not told of again by the server
    this.#seen.delete(name)
    void this.#lookUp(name)
    return sentOutcome()
  }

  /** Somebody with a watched nick came or went; whether it is whose account is watched the server has to say. */
  cameOrWent(nick: string, isOnline: boolean): void {
    for (const name of this.#watchedAs(nick)) {
      if (isOnline) void this.#lookUp(name)
      else this.#saw(name, 'gone', '')
    }
  }

  /** The same for away and back: one line of the server says nothing of accounts. */
  wentAway(nick: string, isAway: boolean): void {
    for (const name of this.#watchedAs(nick)) {
      if (this.#seen.get(name) !== (isAway ? 'away' : 'here')) void this.#lookUp(name)
    }
  }

  #ownerIs(event: PresenceEvent): void {
    if (this.#showsAway && this.#own.set(awayWords(event))) this.#sayAway()
  }

  #sayAway(): void {
    this.#deps.client.away(this.#own.words, this.#deps.context.clock.nowMs())
    this.#deps.pump()
  }

  #forget(name: NetworkAddress): void {
    this.#watched.delete(name)
    this.#seen.delete(name)
    this.#deps.client.unmonitor(this.#nickOf(name), this.#deps.context.clock.nowMs())
    this.#deps.pump()
    if (this.#showsAway) this.#tell(name, { type: 'unsubscribe' })
  }

  /** False: the network has no MONITOR. */
  #monitor(names: readonly NetworkAddress[]): boolean {
    const nicks = names.map((name) => this.#nickOf(name))
    const isWatched = this.#deps.client.monitor(nicks, this.#deps.context.clock.nowMs())
    this.#deps.pump()
    return isWatched
  }

  /** Of those who are there; the others are told of when they come. */
  #askAway(): void {
    const there = [...this.#seen].filter(([, seen]) => seen !== 'gone').map(([name]) => this.#nickOf(name))
    this.#deps.client.askAway(there, this.#deps.context.clock.nowMs())
    this.#deps.pump()
  }

  async #lookUp(name: NetworkAddress): Promise<void> {
    const person = personOf(name)
    const answer = await this.#deps.ask(this.#nickOf(name))
    if (answer === undefined) return
    const isThem = answer.isOnline && ('nick' in person || answer.account?.toLowerCase() === person.account)
    if (!isThem) this.#saw(name, 'gone', '')
    else this.#saw(name, answer.away === undefined ? 'here' : 'away', answer.away ?? '')
  }

  #saw(name: NetworkAddress, seen: Seen, words: string): void {
    if (this.#seen.get(name) === seen || !this.#watched.has(name)) return
    this.#seen.set(name, seen)
    if (seen === 'gone') return this.#tell(name, { type: 'unavailable' })
    const note = words === '' ? {} : { note: words }
    this.#tell(name, seen === 'away' ? { type: 'available', show: 'away', ...note } : { type: 'available' })
  }

  #tell(name: NetworkAddress, event: Omit<PresenceEvent, 'kind'>): void {
    const { ingress, addressing, config, context } = this.#deps
    const person = personOf(name)
    const speaker = 'nick' in person ? { nick: person.nick, account: undefined } : { nick: person.account, account: person.account }
    const incoming = readPresence(speaker, event, ingress(), addressing, config)
    if (incoming === undefined) return
    context.receive(incoming).catch((thrown: unknown) => {
      context.log.error({ network: context.name, reason: messageOf(thrown) }, 'presence could not be taken in')
    })
  }

  #watchedAs(nick: string): readonly NetworkAddress[] {
    const { client } = this.#deps
    const folded = client.fold(nick)
    return this.#watched.names.filter((name) => client.fold(this.#nickOf(name)) === folded)
  }

  #nickOf(name: NetworkAddress): string {
    return this.#deps.likelyNick(personOf(name))
  }
}
