import type { SentMessage } from './ledger.ts'

/** A message, and where it stands: in the archive, or among what its receiver got. */
export interface Placed {
  readonly message: SentMessage
  readonly place: number
}

/** Which messages nothing may stand before that came after them for certain. */
export interface OrderRule {
  /** Those that what was first sent after their answer may not precede. */
  readonly holdsAfterAnswer: (earlier: SentMessage) => boolean
  /** Those that what was sent behind them over the same connection, while both were under way, may not precede. */
  readonly holdsUnderWay: (earlier: SentMessage) => boolean
}

/** A message, and one that it should have stood behind. */
export interface Misplaced {
  readonly later: Placed
  readonly earlier: Placed
}

/**
 * One entry per message: where it stands wrong, with the other one. a before b where a came before b for certain: a was answered before b was
 * first sent, or both were sent once, over one connection, in this order. A message that was sent again may stand anywhere between its
 * first sending and its answer. The time it takes grows with the number of messages, not with its square: a run lasts hours.
 */
export function findMisplaced(all: readonly Placed[], rule: OrderRule): (Misplaced | undefined)[] {
  const found: (Misplaced | undefined)[] = []
  /** Of those that stand further back: the one answered first, and per connection the one sent first. */
  let answeredFirst: Placed | undefined
  const sentFirst = new Map<number, Placed>()
  for (const placed of all.toSorted((a, b) => b.place - a.place)) {
    const { message } = placed
    const [first] = message.attempts
    const wasSentOnce = first !== undefined && message.attempts.length === 1
    const beside = wasSentOnce ? sentFirst.get(first.connection) : undefined
    const wrong =
      answeredFirst !== undefined && first !== undefined && answeredFirst.message.answeredTick < first.tick
        ? answeredFirst
        : beside !== undefined && first !== undefined && tickOf(beside) < first.tick
          ? beside
          : undefined
    found.push(wrong === undefined ? undefined : { later: placed, earlier: wrong })
    const isAnswered = message.answeredTick > 0 && rule.holdsAfterAnswer(message)
    if (isAnswered && (answeredFirst === undefined || message.answeredTick < answeredFirst.message.answeredTick)) answeredFirst = placed
    if (wasSentOnce && rule.holdsUnderWay(message) && (beside === undefined || first.tick < tickOf(beside))) {
      sentFirst.set(first.connection, placed)
    }
  }
  return found
}

function tickOf({ message }: Placed): number {
  return message.attempts[0]?.tick ?? 0
}
