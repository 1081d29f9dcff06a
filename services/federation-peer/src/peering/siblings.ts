import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { type Bus, type BusSubscription, busSubjects, peeringTellSubject } from '@gatehouse/bus'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { type PeeringAsk, PeeringAskSchema, type PeeringTell, PeeringTellSchema } from '@gatehouse/proto'

/** Who is behind a call, and whether he still listens. */
export interface SiblingCaller {
  readonly caller: string
  readonly signal: AbortSignal
}

/** Answers a call that another replica passes on. Rejects with a code before or between answers. */
export type AnswerSibling = (request: Uint8Array, caller: SiblingCaller) => AsyncIterable<Uint8Array>

export interface SiblingsDeps {
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>
  readonly replica: string
  readonly log: { warn(facts: object, text: string): void }
  readonly newId: () => Uint8Array
  /** Calls once; the result cancels. */
  readonly after: (delayMs: number, run: () => void) => () => void
}

/** What is asked of other replicas. */
export interface SiblingQuestion {
  readonly what: string
  readonly request: Uint8Array
  /** One by name; empty: all. */
  readonly to: string
  /** Whoever has not ended by then is no longer waited for. */
  readonly limitMs: number
}

/** What one of them says. */
export interface SiblingAnswer {
  readonly replica: string
  /** Absent: it refuses. */
  readonly answer?: Uint8Array
  /** Code and words, where it refuses. */
  readonly refusal: string
  /** Answers before this one that were left out, since the caller reads slower than they come. */
  readonly missed: number
}

/** Whoever is there has begun to answer by then. */
const GATHER_MS = 500
const STILL_MS = 5_000
/** Some words may get lost; a caller who is gone is not shown messages for an hour. */
const FORGOTTEN_MS = 20_000
const MOST_WAITING = 1_000
/** Of calls of other replicas at once. */
const MOST_SERVED = 16

/** Passes calls on to the other replicas of the edge over the bus, and answers theirs. Told, not asked: nobody is known, and who is there answers. */
export class Siblings {
  readonly #deps: SiblingsDeps
  readonly #asked = new Map<string, Asked>()
  readonly #served = new Map<string, Served>()
  #calls: ReadonlyMap<string, AnswerSibling> = new Map()
  readonly #subscriptions: BusSubscription[] = []

  constructor(deps: SiblingsDeps) {
    this.#deps = deps
  }

  /** Never rejects: a bus that does not let it listen to its siblings is no reason to let no message pass. */
  async start(calls: ReadonlyMap<string, AnswerSibling>): Promise<void> {
    const { bus, replica, log } = this.#deps
    this.#calls = calls
    try {
      this.#subscriptions.push(await bus.subscribe(peeringTellSubject(replica), ({ data }) => this.#hearTell(data)))
      this.#subscriptions.push(await bus.subscribe(busSubjects.peeringAsk.name, ({ data }) => this.#hearAsk(data)))
    } catch (thrown) {
      const code = thrown instanceof GatewayError ? thrown.code : undefined
      log.warn({ code, detail: messageOf(thrown) }, 'this replica and the others cannot ask each other about peers')
    }
  }

  async stop(): Promise<void> {
    for (const served of this.#served.values()) served.abort.abort()
    for (const asked of this.#asked.values()) asked.end()
    for (const subscription of this.#subscriptions.splice(0)) await subscription.stop()
  }

  /** Ends when all who began to answer have ended, at the limit, or with the caller. */
  async *ask(question: SiblingQuestion, { caller, signal }: SiblingCaller): AsyncGenerator<SiblingAnswer> {
    const id = this.#deps.newId()
    const { what, request, to, limitMs } = question
    const asked = new Asked()
    this.#asked.set(keyOf(id), asked)
    const stoppers = [this.#deps.after(GATHER_MS, () => asked.gathered()), this.#deps.after(limitMs, () => asked.end())]
    const stillThere = (): void => {
      this.#publishAsk({ id, what: 'still', to })
      stoppers[2] = this.#deps.after(STILL_MS, stillThere)
    }
    stoppers[2] = this.#deps.after(STILL_MS, stillThere)
    const onAbort = (): void => asked.end()
    signal.addEventListener('abort', onAbort)
    this.#publishAsk({ id, what, request, caller, to })
    try {
      while (!signal.aborted) {
        const answer = asked.next()
        if (answer !== undefined) yield answer
        else if (asked.isDone) return
        else await asked.somethingNew()
      }
    } finally {
      for (const stop of stoppers) stop()
      signal.removeEventListener('abort', onAbort)
      this.#asked.delete(keyOf(id))
      this.#publishAsk({ id, what: 'over', to })
    }
  }

  #hearAsk(data: Uint8Array): void {
    const ask = read(PeeringAskSchema, data)
    if (ask === undefined || ask.replica === this.#deps.replica || (ask.to !== '' && ask.to !== this.#deps.replica)) return
    const served = this.#served.get(keyOf(ask.id))
    if (ask.what === 'still') served?.wait()
    else if (ask.what === 'over') served?.abort.abort()
    else if (served === undefined) void this.#serve(ask)
  }

  /** Never rejects. */
  async #serve(ask: PeeringAsk): Promise<void> {
    const answers = this.#calls.get(ask.what)
    if (answers === undefined || this.#served.size >= MOST_SERVED) return
    const served = new Served(this.#deps.after)
    this.#served.set(keyOf(ask.id), served)
    const { id } = ask
    this.#publishTell(ask, { id, what: 'begins' })
    try {
      const caller = { caller: `${ask.caller} by way of ${ask.replica}`, signal: served.abort.signal }
      for await (const answer of answers(ask.request, caller)) {
        if (served.abort.signal.aborted || !this.#publishTell(ask, { id, what: 'part', answer })) break
      }
      this.#publishTell(ask, { id, what: 'ended' })
    } catch (thrown) {
      const code = thrown instanceof GatewayError ? `${thrown.code}: ` : ''
      this.#publishTell(ask, { id, what: 'refused', detail: `${code}${messageOf(thrown)}` })
    } finally {
      served.end()
      this.#served.delete(keyOf(id))
    }
  }

  #hearTell(data: Uint8Array): void {
    const tell = read(PeeringTellSchema, data)
    if (tell !== undefined) this.#asked.get(keyOf(tell.id))?.hear(tell)
  }

  #publishAsk(ask: MessageInitShape<typeof PeeringAskSchema>): void {
    const { bus, replica, log } = this.#deps
    const isSent = bus.publish(busSubjects.peeringAsk.name, toBinary(PeeringAskSchema, create(PeeringAskSchema, { ...ask, replica })))
    if (!isSent) log.warn({ what: ask.what }, 'the other replicas could not be asked')
  }

  #publishTell({ replica: to }: PeeringAsk, tell: MessageInitShape<typeof PeeringTellSchema>): boolean {
    const { bus, replica } = this.#deps
    return bus.publish(peeringTellSubject(to), toBinary(PeeringTellSchema, create(PeeringTellSchema, { ...tell, replica })))
  }
}

/** A call that was passed on, from the side of who asked. */
class Asked {
  readonly #answering = new Set<string>()
  readonly #waiting: SiblingAnswer[] = []
  #missed = 0
  #isGathered = false
  #isOver = false
  #wake: (() => void) | undefined

  get isDone(): boolean {
    return this.#waiting.length === 0 && (this.#isOver || (this.#isGathered && this.#answering.size === 0))
  }

  hear({ replica, what, answer, detail }: PeeringTell): void {
    if (this.#isOver) return
    if (what === 'begins') this.#answering.add(replica)
    else if (what === 'part') this.#keep({ replica, answer, refusal: '', missed: 0 })
    else this.#answering.delete(replica)
    if (what === 'refused') this.#keep({ replica, refusal: detail, missed: 0 })
    this.wake()
  }

  next(): SiblingAnswer | undefined {
    return this.#waiting.shift()
  }

  somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  gathered(): void {
    this.#isGathered = true
    this.wake()
  }

  end(): void {
    this.#isOver = true
    this.wake()
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  #keep(answer: SiblingAnswer): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#missed++
      return
    }
    this.#waiting.push({ ...answer, missed: this.#missed })
    this.#missed = 0
  }
}

/** The same from the side of who answers: ends with the caller, or when nobody says any more that there is one. */
class Served {
  readonly abort = new AbortController()
  readonly #after: SiblingsDeps['after']
  #stop: () => void = () => undefined

  constructor(after: SiblingsDeps['after']) {
    this.#after = after
    this.wait()
  }

  wait(): void {
    this.#stop()
    this.#stop = this.#after(FORGOTTEN_MS, () => this.abort.abort())
  }

  end(): void {
    this.#stop()
  }
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString('hex')
}

function read<T extends DescMessage>(schema: T, data: Uint8Array): MessageShape<T> | undefined {
  try {
    return fromBinary(schema, data)
  } catch {
    return undefined // not ours
  }
}
