import { RecentMap } from './recent-map.ts'

interface Bucket {
  tokens: number
  atMs: number
}

/** Rate limits by key: `burst` at once, then `perSecond` on average. */
export class TokenBuckets {
  readonly #buckets: RecentMap<Bucket>

  constructor(capacity: number) {
    this.#buckets = new RecentMap(capacity)
  }

  /** Takes one token and returns 0, or takes none and returns the milliseconds until there is one. */
  take(key: string, perSecond: number, burst: number, nowMs: number): number {
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: burst, atMs: nowMs }
      this.#buckets.set(key, bucket)
    }
    bucket.tokens = filled(bucket, perSecond, burst, nowMs)
    bucket.atMs = nowMs
    if (bucket.tokens < 1) return waitMs(bucket.tokens, perSecond)
    bucket.tokens -= 1
    return 0
  }

  /** What `take` would return, without taking. */
  peek(key: string, perSecond: number, burst: number, nowMs: number): number {
    const bucket = this.#buckets.peek(key)
    if (bucket === undefined) return burst < 1 ? waitMs(burst, perSecond) : 0
    const tokens = filled(bucket, perSecond, burst, nowMs)
    return tokens < 1 ? waitMs(tokens, perSecond) : 0
  }

  /** Leaves the bucket without a token: how a counter is put back to where a receipt says it was. */
  drain(key: string, nowMs: number): void {
    this.#buckets.set(key, { tokens: 0, atMs: nowMs })
  }

  get size(): number {
    return this.#buckets.size
  }
}

function filled(bucket: Bucket, perSecond: number, burst: number, nowMs: number): number {
  // a clock that was set back must not drain the bucket
  const elapsedMs = Math.max(0, nowMs - bucket.atMs)
  return Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1000)
}

function waitMs(tokens: number, perSecond: number): number {
  return perSecond <= 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(((1 - tokens) * 1000) / perSecond))
}
