import type { Siblings } from '@gatehouse/bridge-kit'
import { type Bus, type BusSubscription, bridgeToldSubject } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import type { Logger } from '@gatehouse/telemetry'

/** Words in one second; a network that makes us tell more is not helped by it. */
const MOST_PER_S = 2_000
const SECOND_MS = 1_000

export interface BusSiblingsDeps {
  readonly bus: Bus
  readonly network: string
  readonly replica: string
  readonly log: Logger
  readonly nowMs: () => number
}

/** What the connectors of one network tell each other, over the bus. */
export class BusSiblings implements Siblings {
  readonly #deps: BusSiblingsDeps
  readonly #subject: string
  #subscription: Promise<BusSubscription | undefined> | undefined
  #run: (text: string) => void = () => {}
  #second = 0
  #told = 0

  constructor(deps: BusSiblingsDeps) {
    this.#deps = deps
    this.#subject = bridgeToldSubject(deps.network)
  }

  tell(text: string): void {
    const { bus, replica, nowMs } = this.#deps
    const second = Math.trunc(nowMs() / SECOND_MS)
    if (second !== this.#second) this.#told = 0
    this.#second = second
    this.#told++
    if (this.#told <= MOST_PER_S) bus.publish(this.#subject, Buffer.from(JSON.stringify({ replica, text })))
  }

  onTold(run: (text: string) => void): void {
    const { bus, log } = this.#deps
    this.#run = run
    this.#subscription ??= bus
      .subscribe(this.#subject, ({ data }) => this.#take(data))
      .catch((thrown: unknown) => {
        log.warn({ detail: messageOf(thrown) }, 'what other replicas hear of the network is not known here')
        return undefined
      })
  }

  close(): void {
    this.#run = () => {}
    void this.#subscription?.then((subscription) => subscription?.stop())
  }

  #take(data: Uint8Array): void {
    let word: { replica?: unknown; text?: unknown } | null
    try {
      word = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()) as typeof word
    } catch {
      return
    }
    if (typeof word?.text === 'string' && word.replica !== this.#deps.replica) this.#run(word.text)
  }
}
