/** Ten times a policy of 100,000 entries; whoever else writes to the bucket must not fill our memory. */
const MAX_BYTES = 64 * 1_048_576

/** Parts of snapshots as the bucket has them, by the hash they are filed under; whether it is theirs is checked when they are used. */
export class PartShelf {
  readonly #parts = new Map<string, Uint8Array>()
  #bytes = 0

  /** False when there is no room. */
  put(hash: string, part: Uint8Array): boolean {
    this.delete(hash)
    if (this.#bytes + part.length > MAX_BYTES) return false
    this.#parts.set(hash, part)
    this.#bytes += part.length
    return true
  }

  get(hash: string): Uint8Array | undefined {
    return this.#parts.get(hash)
  }

  delete(hash: string): void {
    this.#bytes -= this.#parts.get(hash)?.length ?? 0
    this.#parts.delete(hash)
  }
}
