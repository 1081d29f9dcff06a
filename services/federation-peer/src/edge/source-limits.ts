import type { EdgeCode } from './edge-codes.ts'
import type { EdgeLimits } from './limits.ts'
import { limitKey } from './source-address.ts'

interface Source {
  connections: number
  tokens: number
  refilledAtMs: number
}

/** Sources without a connection remembered at most; a flood from more addresses than this forgets the longest quiet ones first. */
const MAX_RESTING = 65_536

type Limits = Pick<EdgeLimits, 'maxConnectionsPerAddress' | 'connectBurstPerAddress' | 'connectPerSecondPerAddress'>

/** Counts connections and connects per source address. No I/O; bounded. */
export class SourceLimits {
  readonly #limits: Limits
  readonly #active = new Map<string, Source>()
  /** No connection now, but the bucket is perhaps not full again. Oldest first. */
  readonly #resting = new Map<string, Source>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#active.size + this.#resting.size
  }

  /** Takes a place for a connection from `address`, to be given back by `release`; or says why not. */
  admit(address: string, nowMs: number): EdgeCode | undefined {
    const key = limitKey(address)
    const source = this.#active.get(key) ?? this.#resting.get(key) ?? this.#remember(key, nowMs)
    const refilled = source.tokens + ((nowMs - source.refilledAtMs) / 1000) * this.#limits.connectPerSecondPerAddress
    source.tokens = Math.min(this.#limits.connectBurstPerAddress, refilled)
    source.refilledAtMs = nowMs
    if (source.connections >= this.#limits.maxConnectionsPerAddress) return 'GH-EDGE-TOO-MANY-FROM-ADDRESS'
    if (source.tokens < 1) return 'GH-EDGE-CONNECT-RATE'
    source.tokens -= 1
    source.connections += 1
    if (this.#resting.delete(key)) this.#active.set(key, source)
    return undefined
  }

  release(address: string): void {
    const key = limitKey(address)
    const source = this.#active.get(key)
    if (source === undefined) return
    source.connections -= 1
    if (source.connections > 0) return
    this.#active.delete(key)
    this.#resting.set(key, source)
  }

  /** Forgets sources that have no connection and a full bucket. */
  sweep(nowMs: number): void {
    const fullAfterMs = (this.#limits.connectBurstPerAddress / this.#limits.connectPerSecondPerAddress) * 1000
    for (const [key, source] of this.#resting) {
      if (nowMs - source.refilledAtMs >= fullAfterMs) this.#resting.delete(key)
    }
  }

  #remember(key: string, nowMs: number): Source {
    if (this.#resting.size >= MAX_RESTING) {
      const [oldest] = this.#resting.keys()
      if (oldest !== undefined) this.#resting.delete(oldest)
    }
    const source: Source = { connections: 0, tokens: this.#limits.connectBurstPerAddress, refilledAtMs: nowMs }
    this.#resting.set(key, source)
    return source
  }
}
