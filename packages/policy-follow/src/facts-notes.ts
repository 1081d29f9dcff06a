import { create, toBinary } from '@bufbuild/protobuf'
import { type Bus, busSubjects } from '@gatehouse/bus'
import { NoteFactsRequestSchema } from '@gatehouse/proto'

/** Notes of one request; more are sent at once. */
const MAX_NOTES = 500
/** Pairs remembered, so that a conversation of a thousand messages is one note. */
const MAX_REMEMBERED = 20_000
/** A pair is noted again after this, so that what was learned does not expire in a long conversation. */
const AGAIN_MS = 3_600_000
const TIMEOUT_MS = 5_000

export interface FactsNotesDeps {
  readonly bus: Bus
  readonly nowMs: () => number
  /** Runs a little later: notes until then share one request. */
  readonly defer: (run: () => void) => void
}

export interface HeldNote {
  readonly user: string
  readonly contact: string
  readonly partner: string
  readonly envelopeId: Uint8Array | undefined
}

/** Tells the policy service what the gate saw: whom users wrote to, which first contacts it held. No message waits for it. */
export class FactsNotes {
  readonly #deps: FactsNotesDeps
  readonly #noted = new Map<string, number>()
  #learned: { user: string; contact: string; atMs: bigint }[] = []
  #held: { user: string; contact: string; partner: string; atMs: bigint; envelopeId: Uint8Array }[] = []
  #isDeferred = false

  constructor(deps: FactsNotesDeps) {
    this.#deps = deps
  }

  /** Our user wrote to somebody outside, and it was taken. Address keys. */
  learned(user: string, contact: string): void {
    const nowMs = this.#deps.nowMs()
    const pair = `${user} ${contact}`
    const before = this.#noted.get(pair)
    if (before !== undefined && nowMs - before < AGAIN_MS) return
    this.#noted.set(pair, nowMs)
    if (this.#noted.size > MAX_REMEMBERED) this.#forgetOldest()
    this.#learned.push({ user, contact, atMs: BigInt(Math.trunc(nowMs)) })
    this.#send(this.#learned.length >= MAX_NOTES)
  }

  /** A first contact was held. Every message counts. */
  held({ user, contact, partner, envelopeId }: HeldNote): void {
    // a flood of strangers must not become one of notes: the store's budget would refuse them anyway
    if (this.#held.length >= MAX_NOTES) return
    this.#held.push({ user, contact, partner, atMs: BigInt(Math.trunc(this.#deps.nowMs())), envelopeId: envelopeId ?? new Uint8Array() })
    this.#send(false)
  }

  #send(isNow: boolean): void {
    if (isNow) return this.#flush()
    if (this.#isDeferred) return
    this.#isDeferred = true
    this.#deps.defer(() => {
      this.#isDeferred = false
      this.#flush()
    })
  }

  #flush(): void {
    const [learned, held] = [this.#learned, this.#held]
    if (learned.length + held.length === 0) return
    this.#learned = []
    this.#held = []
    const data = toBinary(NoteFactsRequestSchema, create(NoteFactsRequestSchema, { learned, held }))
    this.#deps.bus.request(busSubjects.factsNote.name, data, TIMEOUT_MS, (reply) => {
      // the next message of the same pair notes it again
      if (!reply.ok) for (const { user, contact } of learned) this.#noted.delete(`${user} ${contact}`)
    })
  }

  #forgetOldest(): void {
    for (const oldest of this.#noted.keys()) {
      this.#noted.delete(oldest)
      return
    }
  }
}
