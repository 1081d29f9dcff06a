/** Makes envelope ids: 6 bytes of time, 6 random bytes of this process, 4 of a counter. Sortable by time, unique without coordination. */
export class EnvelopeIds {
  readonly #process: Uint8Array
  #counter = 0

  /** `processBytes`: 6 random bytes. */
  constructor(processBytes: Uint8Array) {
    this.#process = processBytes
  }

  next(nowMs: number): Uint8Array {
    const id = Buffer.allocUnsafe(16)
    id.writeUIntBE(Math.trunc(nowMs), 0, 6)
    id.set(this.#process, 6)
    this.#counter = (this.#counter + 1) >>> 0
    id.writeUInt32BE(this.#counter, 12)
    return id
  }
}
