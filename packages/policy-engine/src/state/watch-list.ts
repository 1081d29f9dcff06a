import { AddresseeSet } from './addressee-set.ts'
import { RecentMap } from './recent-map.ts'

/** Answers count half after this long, a quarter after twice as long: the window in which a peer is judged, and can recover. */
const HALF_LIFE_MS = 10 * 60_000
/** Below this weight of answers nobody is suspicious: two mistyped addresses are no attack. */
const JUDGED_FROM = 20
/** "Mostly failing": more than half of the answers in the window. */
const SUSPICIOUS_ABOVE = 0.5
/** Lower than the way in, so that a peer at the border does not flap. */
const RECOVERED_BELOW = 0.25
/** A peer that is not over the limit begins a new count of addresses after a day. */
const COUNTING_PERIOD_MS = 24 * 3_600_000

/** One discovered peer, known by its certificate (lcs-edge §8.1: the unit of watching is the certificate, not the domain). */
interface Watched {
  addressees: AddresseeSet | undefined
  /** Set once the address limit is passed; stays until the peer is listed in policy or has been silent for a whole period. */
  isOverLimit: boolean
  countingSinceMs: number
  seenMs: number
  good: number
  bad: number
  decayedMs: number
  isSuspicious: boolean
}

/** What `gatehouse peers` shows of a watched peer. */
export interface WatchedPeer {
  readonly fingerprint: string
  readonly addressees: number
  readonly isOverLimit: boolean
  readonly isSuspicious: boolean
  readonly good: number
  readonly bad: number
}

/**
 * Discovered peers under observation. The numbers 20/s, 1,000 addresses and 1/s are the reference's; threshold, window and
 * recovery were never published and are ours (constants above). Memory: at most `2 × capacity` peers of ≤ 16 KB at the default limit.
 */
export class WatchList {
  readonly #peers: RecentMap<Watched>
  readonly #seed: number

  constructor(capacity: number, seed: number) {
    this.#peers = new RecentMap(capacity)
    this.#seed = seed
  }

  /** True when the peer may write to `addressee`; with `counts` the address is remembered. */
  admits(fingerprint: string, addressee: string, limit: number, nowMs: number, counts: boolean): boolean {
    const peer = counts ? this.#touched(fingerprint, nowMs) : this.#peers.peek(fingerprint)
    if (peer === undefined) return limit > 0
    const isStale = isPeriodOver(peer, nowMs)
    if (peer.isOverLimit && !isStale) return false
    const known = isStale ? undefined : peer.addressees
    if (known?.has(addressee)) return true
    if ((known?.count ?? 0) < limit) {
      if (counts) this.#count(peer, addressee)
      return true
    }
    if (counts) {
      peer.isOverLimit = true
      peer.addressees = undefined
    }
    return false
  }

  isSuspicious(fingerprint: string, nowMs: number): boolean {
    const peer = this.#peers.peek(fingerprint)
    if (peer === undefined || !peer.isSuspicious) return false
    decay(peer, nowMs)
    judge(peer)
    return peer.isSuspicious
  }

  /** Counts one final answer, ours or the recipient's, to a request of this peer. */
  noteOutcome(fingerprint: string, isGood: boolean, nowMs: number): void {
    const peer = this.#touched(fingerprint, nowMs)
    decay(peer, nowMs)
    if (isGood) peer.good += 1
    else peer.bad += 1
    judge(peer)
  }

  /** Puts a peer back to where a receipt says it was. */
  restore(fingerprint: string, found: 'over-limit' | 'suspicious', nowMs: number): void {
    const peer = this.#touched(fingerprint, nowMs)
    peer.isOverLimit = found === 'over-limit'
    peer.isSuspicious = found === 'suspicious'
    peer.bad = found === 'suspicious' ? JUDGED_FROM : 0
  }

  /** Everyone under observation, for operators. */
  list(): WatchedPeer[] {
    const list: WatchedPeer[] = []
    for (const [fingerprint, peer] of this.#peers.entries()) {
      const { isOverLimit, isSuspicious, good, bad } = peer
      list.push({ fingerprint, addressees: peer.addressees?.count ?? 0, isOverLimit, isSuspicious, good, bad })
    }
    return list
  }

  #count(peer: Watched, addressee: string): void {
    peer.addressees ??= new AddresseeSet(this.#seed)
    peer.addressees.add(addressee)
  }

  #touched(fingerprint: string, nowMs: number): Watched {
    let peer = this.#peers.get(fingerprint)
    if (peer === undefined) {
      peer = {
        addressees: undefined,
        isOverLimit: false,
        countingSinceMs: nowMs,
        seenMs: nowMs,
        good: 0,
        bad: 0,
        decayedMs: nowMs,
        isSuspicious: false,
      }
      this.#peers.set(fingerprint, peer)
    } else if (isPeriodOver(peer, nowMs)) {
      peer.addressees = undefined
      peer.isOverLimit = false
      peer.countingSinceMs = nowMs
    }
    peer.seenMs = nowMs
    return peer
  }
}

function isPeriodOver(peer: Watched, nowMs: number): boolean {
  const sinceMs = peer.isOverLimit ? peer.seenMs : peer.countingSinceMs
  return nowMs - sinceMs >= COUNTING_PERIOD_MS
}

function decay(peer: Watched, nowMs: number): void {
  const halvings = Math.floor((nowMs - peer.decayedMs) / HALF_LIFE_MS)
  if (halvings <= 0) return
  const share = 0.5 ** halvings
  peer.good *= share
  peer.bad *= share
  peer.decayedMs += halvings * HALF_LIFE_MS
}

function judge(peer: Watched): void {
  const total = peer.good + peer.bad
  if (!peer.isSuspicious) peer.isSuspicious = total >= JUDGED_FROM && peer.bad > total * SUSPICIOUS_ABOVE
  // silence heals too: once the weight has decayed to a quarter of what it takes to be judged, there is nothing left to judge
  else if (total < JUDGED_FROM / 4 || peer.bad < total * RECOVERED_BELOW) peer.isSuspicious = false
}
