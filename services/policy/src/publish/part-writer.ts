import type { BusKv } from '@gatehouse/bus'
import { hashOfPartKey, partKey } from '@gatehouse/policy-follow'

/** Writes at once; more would only queue in the client. */
const PARALLEL = 8

/** Keeps the parts of large snapshots in the bucket: what a manifest names has to lie there, what none names is cleared away. */
export class PartWriter {
  readonly #kv: BusKv
  /** Named by the manifest before the one in force: a slow replica may still be reading them. */
  #previous: ReadonlySet<string> = new Set()
  #current: ReadonlyMap<string, Uint8Array> = new Map()
  #written: ReadonlySet<string> = new Set()

  constructor(kv: BusKv) {
    this.#kv = kv
  }

  /** Before the manifest that names them. What this process wrote already is not written again. */
  async write(parts: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await this.#put([...parts].filter(([hash]) => !this.#written.has(hash)))
    this.#written = new Set([...this.#written, ...parts.keys()])
    this.#previous = new Set(this.#current.keys())
    this.#current = parts
  }

  /** Puts back what is missing: another policy service that clears up may not have known of the newest manifest yet. */
  async repair(): Promise<void> {
    if (this.#current.size === 0) return
    const present = new Set(await this.#kv.keys())
    await this.#put([...this.#current].filter(([hash]) => !present.has(partKey(hash))))
  }

  /** After the manifest is in force. */
  async clear(): Promise<void> {
    if (this.#written.size === 0) return
    const gone = (await this.#kv.keys()).flatMap((key) => {
      const hash = hashOfPartKey(key)
      return hash === undefined || this.#current.has(hash) || this.#previous.has(hash) ? [] : [hash]
    })
    for (const hash of gone) await this.#kv.delete(partKey(hash))
    const lost = new Set(gone)
    this.#written = new Set([...this.#written].filter((hash) => !lost.has(hash)))
  }

  async #put(parts: readonly (readonly [string, Uint8Array])[]): Promise<void> {
    for (let at = 0; at < parts.length; at += PARALLEL) {
      await Promise.all(parts.slice(at, at + PARALLEL).map(([hash, part]) => this.#kv.put(partKey(hash), part)))
    }
  }
}
