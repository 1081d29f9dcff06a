import type { ArchivedLog } from './archive-records.ts'
import { findMisplaced, type Misplaced, type Placed } from './check-order.ts'
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
  const { passed, waiting } = checkDeliveryOrder(ledger)
  const tallies = [onRecord, archived, checkOrder(ledger, log, ordered), passed, waiting, gaps, arrived, single, once, known]
  return tallies.map((tally) => tally.verdict)
}

/**
 * Between processes, one that was refused because nobody knew whether it would be recorded (503) may be recorded later still: it lay on a
 * wire that was cut, or with an archive that was paused, while another replica or archive went on.
 */
function checkOrder(ledger: Ledger, log: ArchivedLog, ordered: Ordered): Tally {
  const tally = new Tally('per sender the archive order is the sending order')
  const mayJudge = (earlier: SentMessage): boolean => ordered === 'all' || isAcknowledged(earlier)
  for (const messages of Map.groupBy(ledger.messages.values(), ({ sender }) => sender).values()) {
    const placed = messages.flatMap((message) => {
      const place = log.entries.get(keyOf(message.conversation, message.number))?.[0]
      return place === undefined ? [] : [{ message, place }]
    })
    const wrong = findMisplaced(placed, { holdsAfterAnswer: mayJudge, holdsUnderWay: mayJudge })
    for (const each of wrong) {
      tally.note(
        each === undefined,
        () => `${describe(recordOf(each?.earlier), each?.earlier.message, 1)} stands behind ${recordOf(each?.later)}`,
      )
    }
  }
  return tally
}

/**
 * What was delivered before its sender was told (200) stands before whatever its sender sent behind it. What was accepted for later (202)
 * stands before what was first sent after that.
 */
function checkDeliveryOrder(ledger: Ledger): { readonly passed: Tally; readonly waiting: Tally } {
  const passed = new Tally('per conversation nothing overtakes an acknowledged message')
  const waiting = new Tally('nothing overtakes a message that waits')
  const wasDelivered = (message: SentMessage): boolean => isAcknowledged(message) && !isQueued(message)
  for (const messages of Map.groupBy(ledger.messages.values(), ({ conversation }) => conversation).values()) {
    const placed = messages.filter(({ deliveredTick }) => deliveredTick > 0).map((message) => ({ message, place: message.deliveredTick }))
    const say = (each: Misplaced | undefined): string => `${keyOfPlaced(each?.earlier)} was overtaken by ${keyOfPlaced(each?.later)}`
    for (const each of findMisplaced(placed, { holdsAfterAnswer: wasDelivered, holdsUnderWay: wasDelivered })) {
      passed.note(each === undefined, () => say(each))
    }
    if (!messages.some(isQueued)) continue
    for (const each of findMisplaced(placed, { holdsAfterAnswer: isQueued, holdsUnderWay: () => false })) {
      waiting.note(each === undefined, () => say(each))
    }
  }
  return { passed, waiting }
}

function keyOfPlaced(placed: Placed | undefined): string {
  return placed === undefined ? '' : keyOf(placed.message.conversation, placed.message.number)
}

function recordOf(placed: Placed | undefined): string {
  return placed === undefined ? '' : `${keyOfPlaced(placed)} (record ${placed.place})`
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
