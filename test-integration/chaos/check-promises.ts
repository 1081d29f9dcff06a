import type { ArchivedLog } from './archive-records.ts'
import { keyOf, type Ledger, type SentMessage } from './ledger.ts'

export interface Verdict {
  readonly promise: string
  /** How many messages (records) it was checked on. */
  readonly checked: number
  readonly broken: number
  /** The first few. */
  readonly examples: readonly string[]
}

const MAX_EXAMPLES = 10

class Tally {
  readonly #promise: string
  readonly #examples: string[] = []
  #checked = 0
  #broken = 0

  constructor(promise: string) {
    this.#promise = promise
  }

  note(isKept: boolean, example: () => string): void {
    this.#checked++
    if (isKept) return
    this.#broken++
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(example())
  }

  get verdict(): Verdict {
    return { promise: this.#promise, checked: this.#checked, broken: this.#broken, examples: this.#examples }
  }
}

/** Whose order is judged: that of every message that is on record, or of those that were acknowledged. */
export type Ordered = 'all' | 'acknowledged'

/** Compares what clients were told and receivers got with what the archive holds. Knows nothing else. */
export function checkPromises(ledger: Ledger, log: ArchivedLog, ordered: Ordered): Verdict[] {
  const onRecord = new Tally('every 2xx has exactly one archive record')
  const archived = new Tally('nothing delivered is unarchived')
  const once = new Tally('no message is recorded twice, whatever its sender was told')
  const arrived = new Tally('every acknowledged message was delivered, or its sender told that it was given up')
  const single = new Tally('no message sent once and acknowledged was delivered twice')
  for (const [key, message] of ledger.messages) {
    const records = log.entries.get(key)?.length ?? 0
    const say = (): string => describe(key, message, records)
    if (isAcknowledged(message)) onRecord.note(records === 1, say)
    if (message.deliveries > 0) archived.note(records > 0, say)
    once.note(records <= 1, say)
    if (isAcknowledged(message)) arrived.note(message.deliveries > 0 || (isQueued(message) && message.isGivenUp), say)
    if (isAcknowledged(message) && message.attempts.length === 1) single.note(message.deliveries <= 1, say)
  }
  const gaps = new Tally('no gap in the chain')
  for (let at = 0; at < log.records - log.breaks.length; at++) gaps.note(true, String)
  for (const text of log.breaks) gaps.note(false, () => text)
  const known = new Tally('nothing arrives that nobody sent')
  known.note(ledger.strangers === 0, () => `${ledger.strangers} deliveries`)
  const tallies = [onRecord, archived, checkOrder(ledger, log, ordered), checkDeliveryOrder(ledger), gaps, arrived, single, once, known]
  return tallies.map((tally) => tally.verdict)
}

/**
 * a before b in the archive where a came before b for certain: a was answered before b was first sent, or both were sent once,
 * over one connection, in this order. A message that was sent again may stand anywhere between its first sending and its answer.
 * Between processes, one that was refused because nobody knew whether it would be recorded (503) may be recorded later still: it lay on a
 * wire that was cut, or with an archive that was paused, while another replica or archive went on.
 */
function checkOrder(ledger: Ledger, log: ArchivedLog, ordered: Ordered): Tally {
  const tally = new Tally('per sender and conversation the archive order is the sending order')
  const mayJudge = (earlier: SentMessage): boolean => ordered === 'all' || isAcknowledged(earlier)
  for (const messages of Map.groupBy(ledger.messages.values(), (message) => message.conversation).values()) {
    const placed = messages.flatMap((message) => {
      const sequence = log.entries.get(keyOf(message.conversation, message.number))?.[0]
      return sequence === undefined ? [] : [{ message, sequence }]
    })
    for (const later of placed) {
      const wrong = placed.find(
        (earlier) => earlier.sequence > later.sequence && mayJudge(earlier.message) && mustPrecede(earlier.message, later.message),
      )
      tally.note(wrong === undefined, () => `${describe(wrongKey(wrong), wrong?.message, 1)} stands behind ${wrongKey(later)}`)
    }
  }
  return tally
}

/** What waited in the outbox was not overtaken by what was first sent after it was accepted. */
function checkDeliveryOrder(ledger: Ledger): Tally {
  const tally = new Tally('nothing overtakes a message that waits')
  for (const messages of Map.groupBy(ledger.messages.values(), (message) => message.conversation).values()) {
    const delivered = messages.filter((message) => message.deliveredTick > 0)
    for (const waited of delivered.filter(isQueued)) {
      const hasOvertaken = (later: SentMessage): boolean =>
        later.deliveredTick < waited.deliveredTick && (later.attempts[0]?.tick ?? 0) > waited.answeredTick
      const wrong = delivered.find(hasOvertaken)
      tally.note(wrong === undefined, () => `${keyOf(waited.conversation, waited.number)} was overtaken by ${wrong?.number}`)
    }
  }
  return tally
}

function wrongKey(placed: { readonly message: SentMessage; readonly sequence: number } | undefined): string {
  return placed === undefined ? '' : `${keyOf(placed.message.conversation, placed.message.number)} (record ${placed.sequence})`
}

function mustPrecede(a: SentMessage, b: SentMessage): boolean {
  const [firstOfA, firstOfB] = [a.attempts[0], b.attempts[0]]
  if (firstOfA === undefined || firstOfB === undefined) return false
  if (a.answeredTick > 0 && a.answeredTick < firstOfB.tick) return true
  const wereSentOnce = a.attempts.length === 1 && b.attempts.length === 1
  return wereSentOnce && firstOfA.connection === firstOfB.connection && firstOfA.tick < firstOfB.tick
}

/** Accepted for later (202), not delivered yet. */
export function isQueued(message: SentMessage): boolean {
  return message.status === 202
}

export function isAcknowledged(message: SentMessage): boolean {
  return message.status >= 200 && message.status < 300
}

function describe(key: string, message: SentMessage | undefined, records: number): string {
  if (message === undefined) return key
  const { attempts, status, deliveries } = message
  return `${key}: sent ${attempts.length}×, answer ${status === 0 ? 'none' : status}, delivered ${deliveries}×, records ${records}`
}
