import type { DialbackVerdict, IncomingStream, StreamEvent, XmlElement } from '@gatehouse/xmpp-core'
import { DomainLink } from './domain-link.ts'
import type { LinkEnvironment, VerifyDialback } from './link-environment.ts'
import { openStream } from './open-stream.ts'
import { StanzaLane, type TrackedStanza } from './stanza-lane.ts'
import type { StreamDriver } from './stream-driver.ts'

/** A stream that somebody opened to us and lets us answer on (XEP-0288). */
interface ReverseWay {
  readonly stream: IncomingStream
  readonly driver: StreamDriver
  readonly lane: StanzaLane
}

/** Links to other domains at once; a spammer's list of domains must not become ours. */
const MAX_LINKS = 20_000
/** Servers being asked about keys at once. */
const MAX_VERIFYING = 256

/** All ways to other domains: the links that we open, and the streams that others opened both ways. */
export class LinkPool {
  readonly #environment: LinkEnvironment
  readonly #links = new Map<string, DomainLink>()
  readonly #reverse = new Map<string, ReverseWay>()
  readonly #reverseKeys = new Map<IncomingStream, string>()
  #verifying = 0
  #isStopped = false

  constructor(environment: LinkEnvironment) {
    this.#environment = environment
  }

  get linkCount(): number {
    return this.#links.size
  }

  /** Tracked: the fate is told exactly once. */
  send(local: string, remote: string, tracked: TrackedStanza): void {
    const reverse = this.#reverse.get(`${local} ${remote}`)
    if (reverse?.lane.send(tracked) === true) return
    const link = this.#link(local, remote)
    if (link === undefined) tracked.onFate({ kind: 'failed', code: 'GH-XMPP-QUEUE-FULL', detail: 'too many domains', isCertain: true })
    else link.send(tracked)
  }

  /** An answer to a query of ours, from that domain. True: it was asked here. */
  handleAnswer(local: string, remote: string, id: string): boolean {
    const key = `${local} ${remote}`
    return this.#reverse.get(key)?.lane.handleAnswer(id) === true || this.#links.get(key)?.handleAnswer(id) === true
  }

  /** An error for a stanza of ours. True: its sender was told. */
  handleBounce(local: string, remote: string, error: XmlElement): boolean {
    const key = `${local} ${remote}`
    return this.#reverse.get(key)?.lane.handleBounce(error) === true || this.#links.get(key)?.handleBounce(error) === true
  }

  noteAlive(remote: string): void {
    for (const { domain } of this.#environment.context.domains.served()) this.#links.get(`${domain} ${remote}`)?.noteAlive()
  }

  addReverse(local: string, remote: string, stream: IncomingStream, driver: StreamDriver): void {
    const { around, config, context } = this.#environment
    const lane = new StanzaLane({
      local,
      remote,
      write: (stanza, ticket) => {
        if (driver.isClogged || !stream.sendStanza(stanza, ticket)) return false
        driver.planPump()
        return true
      },
      isAcknowledged: () => stream.isAcknowledged,
      newId: around.newId,
      confirmMs: config.confirmMs,
      nowMs: () => context.clock.nowMs(),
    })
    this.#reverse.get(`${local} ${remote}`)?.lane.close('another stream took its place')
    this.#reverse.set(`${local} ${remote}`, { stream, driver, lane })
    this.#reverseKeys.set(stream, `${local} ${remote}`)
  }

  handleReverseEvent(stream: IncomingStream, event: StreamEvent): void {
    const key = this.#reverseKeys.get(stream)
    const way = key === undefined ? undefined : this.#reverse.get(key)
    if (event.kind === 'closed') this.#reverseKeys.delete(stream)
    if (key === undefined || way?.stream !== stream) return
    if (event.kind === 'acked') way.lane.handleAcked(event.tickets)
    if (event.kind !== 'closed') return
    this.#reverse.delete(key)
    way.lane.close(`${event.closing.condition ?? 'closed'} by ${event.closing.by}`)
  }

  readonly verify: VerifyDialback = (question, onVerdict) => {
    if (this.#isStopped || this.#verifying >= MAX_VERIFYING) return onVerdict('resource-constraint')
    this.#verifying += 1
    void this.#ask(question).then((verdict) => {
      this.#verifying -= 1
      onVerdict(verdict)
    })
  }

  sweep(nowMs: number): void {
    for (const [key, link] of this.#links) {
      link.sweep(nowMs)
      if (link.isIdle) this.#links.delete(key)
    }
    for (const { lane } of this.#reverse.values()) lane.sweep(nowMs)
  }

  stop(): void {
    this.#isStopped = true
    for (const link of this.#links.values()) link.stop()
  }

  /** Cuts what has not ended by itself. */
  cut(): void {
    for (const link of this.#links.values()) link.cut()
  }

  /** Whether every stream has said its last word. */
  get isQuiet(): boolean {
    for (const link of this.#links.values()) if (link.isReady) return false
    return true
  }

  #link(local: string, remote: string): DomainLink | undefined {
    const key = `${local} ${remote}`
    const known = this.#links.get(key)
    if (known !== undefined) return known
    if (this.#links.size >= MAX_LINKS) return undefined
    const link = new DomainLink(this.#environment, local, remote)
    if (this.#isStopped) link.stop()
    this.#links.set(key, link)
    return link
  }

  async #ask(question: Parameters<VerifyDialback>[0]): Promise<DialbackVerdict> {
    const { remote, local } = question
    let onVerdict: (verdict: DialbackVerdict) => void = () => undefined
    const verdict = new Promise<DialbackVerdict>((resolve) => (onVerdict = resolve))
    const answer = await openStream(this.#environment, {
      local,
      remote,
      purpose: 'verify',
      onEvent: (event) => {
        if (event.kind === 'verified') onVerdict(event.verdict)
        else if (event.kind === 'closed') onVerdict('remote-server-timeout')
      },
    })
    if (!answer.ok) return answer.code === 'GH-XMPP-NO-SERVER' ? 'remote-server-not-found' : 'remote-server-timeout'
    const { clock } = this.#environment.context
    const stopSweep = clock.every(1_000, () => answer.driver.sweep(clock.nowMs()))
    answer.stream.askVerify(clock.nowMs(), question)
    answer.driver.pump()
    const given = await verdict
    stopSweep()
    answer.stream.close(clock.nowMs())
    answer.driver.pump()
    return given
  }
}
