/** Kept values say themselves that they were used since anybody looked. */
export interface Recent {
  isUsed: boolean
}

/** Tables beyond this are spread over several: a table that grows is copied at once, and half a million entries take too long. */
const MAX_SHARD = 8_192
/** So many that were used are passed over to find one that was not; then one goes all the same. */
const MAX_PASSED = 16
/** No hash spreads evenly: a share that happens to be larger must not lose users while there is room. */
const UNEVEN = 1.1
/** Enough of a key to spread it. */
const HASHED_CHARS = 12

/**
 * About `capacity` values by user, never more than a tenth above it, forgetting those that were not used for longest, about: a use only sets a mark (second chance), so
 * that looking up moves nothing.
 */
export class RecentUsers<T extends Recent> {
  readonly #shards: readonly Map<string, T>[]
  readonly #perShard: number

  constructor(capacity: number) {
    let shards = 1
    while (capacity / shards > MAX_SHARD) shards *= 2
    this.#shards = Array.from({ length: shards }, () => new Map<string, T>())
    this.#perShard = Math.ceil((capacity / shards) * (shards === 1 ? 1 : UNEVEN))
  }

  get size(): number {
    return this.#shards.reduce((sum, { size }) => sum + size, 0)
  }

  get(user: string): T | undefined {
    return this.#shardOf(user).get(user)
  }

  set(user: string, value: T): void {
    const shard = this.#shardOf(user)
    shard.delete(user)
    shard.set(user, value)
    if (shard.size > this.#perShard) forgetOne(shard)
  }

  delete(user: string): void {
    this.#shardOf(user).delete(user)
  }

  clear(): void {
    for (const shard of this.#shards) shard.clear()
  }

  *values(): Generator<T> {
    for (const shard of this.#shards) yield* shard.values()
  }

  #shardOf(user: string): Map<string, T> {
    if (this.#shards.length === 1) return this.#shards[0]!
    let hash = user.length
    const end = Math.min(user.length, HASHED_CHARS)
    for (let at = 0; at < end; at++) hash = (Math.imul(hash, 31) + user.charCodeAt(at)) | 0
    return this.#shards[(hash ^ (hash >>> 15)) & (this.#shards.length - 1)]!
  }
}

function forgetOne<T extends Recent>(shard: Map<string, T>): void {
  let passed = 0
  for (const [user, value] of shard) {
    shard.delete(user)
    if (!value.isUsed || passed === MAX_PASSED) return
    passed++
    value.isUsed = false
    shard.set(user, value)
  }
}
