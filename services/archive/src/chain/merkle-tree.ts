import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

/** Where a record stands in the tree of its checkpoint, and the hashes on the way up: RFC 6962 §2.1.1. */
export interface AuditPath {
  /** From 0. */
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
}

const HASH_BYTES = 32

/** Merkle tree of RFC 6962 §2.1 over record hashes, grown one leaf after the other; keeps one hash per level. */
export class TreeGrower {
  readonly #leaf = Buffer.alloc(1 + HASH_BYTES)
  readonly #node = Buffer.alloc(1 + 2 * HASH_BYTES, 1)
  // Roots of full subtrees, the largest first; a set bit of `#size` each. As latin1 text: a buffer for each takes longer than the digest.
  readonly #peaks: string[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(recordHash: Uint8Array): void {
    this.#leaf.set(recordHash, 1)
    let top = hash('sha256', this.#leaf, 'binary')
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) top = this.#join(this.#peaks.pop() ?? '', top)
    this.#peaks.push(top)
    this.#size++
  }

  /** Of what was added since the start or the last `clear`; the hash of nothing for an empty tree. */
  root(): Uint8Array {
    let root = this.#peaks.at(-1) ?? hash('sha256', '', 'binary')
    for (let at = this.#peaks.length - 2; at >= 0; at--) root = this.#join(this.#peaks[at]!, root)
    return Buffer.from(root, 'latin1')
  }

  clear(): void {
    this.#peaks.length = 0
    this.#size = 0
  }

  #join(left: string, right: string): string {
    this.#node.write(left, 1, 'latin1')
    this.#node.write(right, 1 + HASH_BYTES, 'latin1')
    return hash('sha256', this.#node, 'binary')
  }
}

/** The whole tree over some record hashes, for proofs of many of them. */
export class ProofTree {
  readonly #levels: readonly (readonly Uint8Array[])[]

  constructor(recordHashes: readonly Uint8Array[]) {
    let level = recordHashes.map(leafHash)
    const levels = [level]
    while (level.length > 1) {
      const below = level
      level = []
      // A node without a neighbour goes up as it is: the same tree as splitting at the largest power of two.
      for (let at = 0; at < below.length; at += 2) level.push(at + 1 < below.length ? nodeHash(below[at]!, below[at + 1]!) : below[at]!)
      levels.push(level)
    }
    this.#levels = levels
  }

  get root(): Uint8Array {
    return this.#levels.at(-1)![0] ?? hash('sha256', '', 'buffer')
  }

  pathOf(index: number): AuditPath {
    const path: Uint8Array[] = []
    let at = index
    for (const level of this.#levels) {
      const neighbour = level[at % 2 === 0 ? at + 1 : at - 1]
      if (neighbour !== undefined) path.push(neighbour)
      at = Math.floor(at / 2)
    }
    return { index, size: this.#levels[0]!.length, path }
  }
}

/** The root that a record hash and its path lead to (RFC 9162 §2.1.3.2); undefined when the path does not fit its numbers. */
export function rootOfPath(recordHash: Uint8Array, { index, size, path }: AuditPath): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return undefined
  let at = index
  let last = size - 1
  let root = leafHash(recordHash)
  for (const hashed of path) {
    if (last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      root = nodeHash(hashed, root)
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2)
        last = Math.floor(last / 2)
      }
    } else root = nodeHash(root, hashed)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? root : undefined
}

// RFC 6962 §2.1: leaves and nodes are hashed with different first bytes, so that none can pass for the other.
function leafHash(recordHash: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([Uint8Array.of(0), recordHash]), 'buffer')
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([Uint8Array.of(1), left, right]), 'buffer')
}
