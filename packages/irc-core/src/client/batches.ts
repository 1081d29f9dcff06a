const MAX_OPEN = 64

interface OpenBatch {
  readonly type: string
  /** Label of the command that it answers, its own or that of the batch around it. */
  readonly label: string | undefined
  isEchoed: boolean
}

/** Groups of lines that a server sends together (IRCv3 batch). */
export class Batches {
  readonly #open = new Map<string, OpenBatch>()

  open(reference: string, type: string, label: string | undefined, outer: string | undefined): void {
    // a server that opens batches without end gets none of them remembered
    if (this.#open.size >= MAX_OPEN) this.#open.clear()
    this.#open.set(reference, { type, label: label ?? this.labelOf(outer), isEchoed: false })
  }

  typeOf(reference: string | undefined): string | undefined {
    return reference === undefined ? undefined : this.#open.get(reference)?.type
  }

  labelOf(reference: string | undefined): string | undefined {
    return reference === undefined ? undefined : this.#open.get(reference)?.label
  }

  markEchoed(reference: string | undefined): void {
    const batch = reference === undefined ? undefined : this.#open.get(reference)
    if (batch !== undefined) batch.isEchoed = true
  }

  close(reference: string): OpenBatch | undefined {
    const batch = this.#open.get(reference)
    this.#open.delete(reference)
    return batch
  }
}
