import type { EdgeCode } from './edge-codes.ts'
import type { EdgeSocket } from './edge-socket.ts'
import type { Link, LinkEntry } from './link-entry.ts'
import type { LinkPoolOptions } from './link-options.ts'

const PING = '\r\n\r\n'

/** Pings, idle closing, retirement: what open links need about once a second. */
export class LinkUpkeep {
  readonly #options: LinkPoolOptions
  readonly #random: () => number
  /** Time of the last sweep: precise enough for idle times and free on the hot path. */
  nowMs = 0

  constructor(options: LinkPoolOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  track(connection: EdgeSocket, host: string, nowMs: number): Link {
    this.nowMs = Math.max(this.nowMs, nowMs)
    return {
      connection,
      host,
      lastUsedMs: nowMs,
      nextPingMs: nowMs + this.#pingDelayMs(),
      pingSentAtMs: undefined,
      hasPonged: false,
      retireAtMs: undefined,
    }
  }

  /** Anything the peer sends shows that it lives; a bare CRLF after a ping shows that it answers pings (RFC 5626 §3.5.1). */
  noteActivity(link: Link, chunk: Buffer): void {
    if (link.pingSentAtMs === undefined) return
    if (chunk.length === 2 && chunk[0] === 0x0d && chunk[1] === 0x0a) link.hasPonged = true
    link.pingSentAtMs = undefined
  }

  sweep(entries: Iterable<LinkEntry>, nowMs: number): void {
    const elapsedMs = nowMs - this.nowMs
    this.nowMs = nowMs
    for (const entry of entries) this.#sweepEntry(entry, nowMs, elapsedMs)
  }

  #sweepEntry(entry: LinkEntry, nowMs: number, elapsedMs: number): void {
    entry.acquiredPerSecond = elapsedMs > 0 ? (entry.acquired * 1000) / elapsedMs : entry.acquired
    entry.acquired = 0
    for (const link of entry.links) {
      if (link.connection.isOpen) this.#lookAfter(entry, link, nowMs)
    }
    for (const [host, untilMs] of entry.penaltyUntilMs) if (nowMs >= untilMs) entry.penaltyUntilMs.delete(host)
  }

  #lookAfter(entry: LinkEntry, link: Link, nowMs: number): void {
    const { connection } = link
    const { provenAfterMs, idleTimeoutMs, maxAgeMs, retireGraceMs, pongTimeoutMs } = this.#options
    const ageMs = nowMs - connection.openedAtMs
    if (connection.hasReceived || ageMs >= provenAfterMs) entry.failures = 0
    if (link.retireAtMs !== undefined && nowMs >= link.retireAtMs) {
      connection.close('GH-EDGE-MAX-AGE' satisfies EdgeCode)
    } else if (nowMs - link.lastUsedMs >= idleTimeoutMs) {
      connection.close('GH-EDGE-IDLE' satisfies EdgeCode)
    } else if (link.hasPonged && link.pingSentAtMs !== undefined && nowMs - link.pingSentAtMs >= pongTimeoutMs) {
      connection.destroy('GH-EDGE-PING-LOST' satisfies EdgeCode)
    } else {
      if (maxAgeMs > 0 && ageMs >= maxAgeMs) link.retireAtMs ??= nowMs + retireGraceMs
      this.#ping(link, nowMs)
    }
  }

  /** RFC 5626 §3.5.1: only when the link was silent, and nothing is waiting to be sent anyway. */
  #ping(link: Link, nowMs: number): void {
    if (this.#options.pingIntervalMs === 0 || nowMs < link.nextPingMs) return
    const { connection } = link
    const isSilent = nowMs - connection.lastActiveMs >= this.#options.pingIntervalMs / 2 && connection.bufferedBytes === 0
    link.nextPingMs = (isSilent ? nowMs : connection.lastActiveMs) + this.#pingDelayMs()
    if (!isSilent) return
    link.pingSentAtMs ??= nowMs
    connection.write(PING, undefined)
  }

  /** RFC 5626 §4.4.1: between 80 and 100 per cent of the interval, at random. */
  #pingDelayMs(): number {
    return this.#options.pingIntervalMs * (0.8 + 0.2 * this.#random())
  }
}
