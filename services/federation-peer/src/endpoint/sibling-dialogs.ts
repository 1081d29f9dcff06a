import type { DialogState } from '@gatehouse/sip-core'
import { z } from 'zod'

const address = z.object({ user: z.string(), domain: z.string() })
const dialog = z.object({
  id: z.object({ callId: z.string(), localTag: z.string(), remoteTag: z.string() }),
  localParty: z.string(),
  remoteParty: z.string(),
  remoteTarget: z.string(),
  routeSet: z.array(z.string()).max(64),
  localSequence: z.number().int(),
  remoteSequence: z.number().int().optional(),
})
const record = z.object({
  /** `session`: messages · `watcher`: a SIP user watches · `watched`: a SIP user is watched. */
  kind: z.enum(['session', 'watcher', 'watched']),
  /** Who talks with whom: `pairKey`. */
  pair: z.string(),
  /** Counts the replicas that had it. */
  generation: z.number().int().min(0).max(20_000),
  outside: address,
  user: address,
  dialog: dialog.optional(),
  acceptTypes: z.array(z.string()).max(64).default([]),
  isActive: z.boolean().default(false),
  untilMs: z.number(),
})
const announcement = z.discriminatedUnion('op', [
  z.object({ op: z.literal('has'), replica: z.string(), record }),
  z.object({ op: z.literal('ended'), replica: z.string(), key: z.string() }),
  z.object({ op: z.literal('hello'), replica: z.string() }),
])

export type DialogKind = 'session' | 'watcher' | 'watched'

/** What of a dialog another replica needs to go on with it; plain data. */
export interface DialogRecord {
  readonly kind: DialogKind
  readonly pair: string
  readonly generation: number
  readonly outside: { readonly user: string; readonly domain: string }
  readonly user: { readonly user: string; readonly domain: string }
  readonly dialog?: DialogState | undefined
  /** Of a session: media types that the SIP end takes. */
  readonly acceptTypes: readonly string[]
  /** Of a watcher: consent is there. */
  readonly isActive: boolean
  readonly untilMs: number
}

/** Requests that one replica may send in a dialog before another goes on above them (RFC 3261 §12.2.1.1: CSeq stays below 2^31). */
const NUMBERS_PER_REPLICA = 100_000

export interface SiblingDialogsDeps {
  readonly replica: string
  readonly publish: (data: Uint8Array) => void
  readonly nowMs: () => number
  readonly maxRecords: number
}

interface Held {
  readonly replica: string
  readonly record: DialogRecord
}

/**
 * What the replicas tell each other of their dialogs, so that each of them knows whom to ask, and can go on with a dialog whose replica is
 * gone. Told over the bus and kept in memory only: a word that is lost costs a second session, not a message.
 */
export class SiblingDialogs {
  readonly #deps: SiblingDialogsDeps
  readonly #own = new Map<string, DialogRecord>()
  readonly #others = new Map<string, Held>()
  readonly #othersByPair = new Map<string, Set<string>>()
  #onTaken: (record: DialogRecord) => void = () => undefined

  constructor(deps: SiblingDialogsDeps) {
    this.#deps = deps
  }

  /** `onTaken`: another replica goes on with a dialog of ours. */
  start(onTaken: (record: DialogRecord) => void): void {
    this.#onTaken = onTaken
    this.#tell({ op: 'hello', replica: this.#deps.replica })
  }

  /** We have this dialog now. */
  has(record: DialogRecord): void {
    this.#own.set(keyOf(record), record)
    this.#tell({ op: 'has', replica: this.#deps.replica, record })
  }

  ended(record: DialogRecord): void {
    const key = keyOf(record)
    if (this.#own.get(key) !== record) return // another replica has it now
    this.#own.delete(key)
    this.#tell({ op: 'ended', replica: this.#deps.replica, key })
  }

  /** The replicas that have dialogs of that kind between these two; not this one. */
  replicasOf(kind: DialogKind, pair: string): string[] {
    const replicas = new Set<string>()
    for (const key of this.#othersByPair.get(pairIndex(kind, pair)) ?? []) {
      const held = this.#others.get(key)
      if (held !== undefined && held.record.untilMs > this.#deps.nowMs()) replicas.add(held.replica)
    }
    return [...replicas]
  }

  /** Everything a replica that is gone had between these two, to go on with. */
  takeFrom(replica: string, kind: DialogKind, pair: string): DialogRecord[] {
    const records: DialogRecord[] = []
    for (const key of [...(this.#othersByPair.get(pairIndex(kind, pair)) ?? [])]) {
      const held = this.#others.get(key)
      if (held?.replica === replica) records.push(this.#take(key, held))
    }
    return records
  }

  /** The same by the dialog: a request came in it, so whoever gets it goes on with it. */
  takeDialog(kind: DialogKind, pair: string, callId: string, localTag: string): DialogRecord | undefined {
    const key = `${pairIndex(kind, pair)}\n${callId}\n${localTag}`
    const held = this.#others.get(key)
    return held === undefined ? undefined : this.#take(key, held)
  }

  /** From the bus. What makes no sense is ignored. */
  handle(data: Uint8Array): void {
    const parsed = announcement.safeParse(readJson(data))
    if (!parsed.success || parsed.data.replica === this.#deps.replica) return
    const { data: word } = parsed
    if (word.op === 'hello') {
      for (const own of this.#own.values()) this.#tell({ op: 'has', replica: this.#deps.replica, record: own })
    } else if (word.op === 'ended') this.#forget(word.key)
    else this.#keep(word.replica, word.record as DialogRecord)
  }

  #keep(replica: string, heard: DialogRecord): void {
    const key = keyOf(heard)
    const own = this.#own.get(key)
    if (own !== undefined) {
      if (own.generation >= heard.generation) return
      this.#own.delete(key)
      this.#onTaken(own)
    }
    this.#forget(key)
    this.#others.set(key, { replica, record: heard })
    const index = pairIndex(heard.kind, heard.pair)
    this.#othersByPair.set(index, (this.#othersByPair.get(index) ?? new Set()).add(key))
    if (this.#others.size > this.#deps.maxRecords) this.#forget(this.#others.keys().next().value ?? '')
  }

  #take(key: string, held: Held): DialogRecord {
    this.#forget(key)
    const generation = held.record.generation + 1
    const { dialog: state } = held.record
    return {
      ...held.record,
      generation,
      dialog: state === undefined ? undefined : { ...state, localSequence: generation * NUMBERS_PER_REPLICA },
    }
  }

  #forget(key: string): void {
    const held = this.#others.get(key)
    if (held === undefined) return
    this.#others.delete(key)
    const index = pairIndex(held.record.kind, held.record.pair)
    const keys = this.#othersByPair.get(index)
    keys?.delete(key)
    if (keys?.size === 0) this.#othersByPair.delete(index)
  }

  #tell(word: z.input<typeof announcement> | { op: 'has'; replica: string; record: DialogRecord }): void {
    this.#deps.publish(Buffer.from(JSON.stringify(word)))
  }
}

function keyOf({ kind, pair, dialog: state }: DialogRecord): string {
  return `${pairIndex(kind, pair)}\n${state?.id.callId ?? ''}\n${state?.id.localTag ?? ''}`
}

function pairIndex(kind: DialogKind, pair: string): string {
  return `${kind}\n${pair}`
}

function readJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'))
  } catch {
    return undefined
  }
}
