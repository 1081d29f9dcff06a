import type { Decision } from '@gatehouse/im-model'
import { DecisionState, decide, explain, type Snapshot, weigh } from '@gatehouse/policy-engine'
import type { ArchivedMessage } from './archived-message.ts'
import { type CannotReplay, completed, obstacle } from './replay.ts'

export interface SimulationOptions {
  /** Also count rates and limits, in the order messages are given; else they are left out on both sides. */
  readonly withRates: boolean
  readonly maxExamples: number
}

/** One message before and after the change. */
export interface SimulatedChange {
  readonly message: ArchivedMessage
  readonly before: Pick<Decision, 'verdict' | 'code'>
  readonly after: Decision
}

export interface GroupCount {
  newlyBlocked: number
  newlyAllowed: number
}

/** Partners and users counted apart; who comes later goes into the sum only. */
const MAX_GROUPS = 100_000
/** Of one kind of change; the rest of the examples shows others. */
const MAX_ALIKE = 5
const NO_LIMIT = Number.POSITIVE_INFINITY

/** Judges archived messages under two policies and counts what the change makes of them. */
export class Simulation {
  judged = 0
  newlyBlocked = 0
  newlyAllowed = 0
  markChanged = 0
  codeChanged = 0
  /** The policy before the change says otherwise than the record: something between them changed, not this. */
  differsFromRecord = 0
  readonly partners = new Map<string, GroupCount>()
  readonly users = new Map<string, GroupCount>()
  readonly examples: SimulatedChange[] = []
  readonly unreplayable = new Map<string, { readonly reason: string; readonly exampleId: Uint8Array; messages: number }>()
  readonly #before: Side
  readonly #after: Side
  readonly #options: SimulationOptions
  readonly #alike = new Map<string, number>()

  constructor(before: Snapshot, after: Snapshot, options: SimulationOptions) {
    this.#before = new Side(before, options.withRates)
    this.#after = new Side(after, options.withRates)
    this.#options = options
  }

  /** What the change does to one message. */
  add(message: ArchivedMessage): SimulatedChange | CannotReplay {
    const after = obstacle(message) ?? this.#after.judge(message)
    if ('reason' in after && !('verdict' in after)) return this.#cannot(message, after)
    const before = this.#verdictBefore(message)
    if (!('verdict' in before)) return this.#cannot(message, before)
    this.judged++
    const change: SimulatedChange = { message, before, after }
    if (before.verdict !== after.verdict) this.#count(change)
    else if (after.verdict === 'allow' && before.mark !== after.mark) this.markChanged++
    else if (after.verdict === 'deny' && before.code !== after.code) this.codeChanged++
    return change
  }

  /** The record itself where it was made under the very policy: a property of receipts is that judging it again would say the same. */
  #verdictBefore(message: ArchivedMessage): Verdict | CannotReplay {
    const { recorded } = message
    const isCounted = this.#options.withRates || recorded.rule === 'rates'
    if (recorded.revision === this.#before.snapshot.revision && !isCounted) return recorded as Verdict
    const before = this.#before.judge(message)
    if ('verdict' in before && before.verdict !== recorded.verdict && recorded.rule !== 'rates') this.differsFromRecord++
    return before
  }

  #cannot(message: ArchivedMessage, why: CannotReplay): CannotReplay {
    const known = this.unreplayable.get(why.code)
    if (known === undefined) this.unreplayable.set(why.code, { reason: why.reason, exampleId: message.id, messages: 1 })
    else known.messages++
    return why
  }

  #count(change: SimulatedChange): void {
    const { message, after } = change
    const isBlocked = after.verdict === 'deny'
    if (isBlocked) this.newlyBlocked++
    else this.newlyAllowed++
    const { direction, partner } = message.recorded
    add(this.partners, partner, isBlocked)
    const user = direction === 'inbound' ? `${message.toUser}@${message.toDomain}` : `${message.fromUser}@${message.fromDomain}`
    add(this.users, user, isBlocked)
    const kind = `${change.before.code} ${after.code}`
    const alike = this.#alike.get(kind) ?? 0
    if (alike >= MAX_ALIKE || this.examples.length >= this.#options.maxExamples) return
    this.#alike.set(kind, alike + 1)
    this.examples.push({ ...change, after: this.#after.explained(message, after) })
  }
}

type Verdict = Pick<Decision, 'verdict' | 'code' | 'mark'>

/** One of the two policies, with its own counters. */
class Side {
  readonly snapshot: Snapshot
  readonly #judged: Snapshot
  readonly #state = new DecisionState()
  readonly #withRates: boolean

  constructor(snapshot: Snapshot, withRates: boolean) {
    this.snapshot = snapshot
    this.#judged = withRates ? snapshot : withoutLimits(snapshot)
    this.#withRates = withRates
  }

  judge(message: ArchivedMessage): Decision | CannotReplay {
    const { snapshot } = this
    const answer = this.#withRates ? decide(snapshot, message, this.#state) : weigh(this.#judged, message, this.#state)
    return completed(message, answer)
  }

  /** The same answer with the reason of every rule, for the few that are shown. */
  explained(message: ArchivedMessage, answer: Decision): Decision {
    const explained = completed(message, explain(this.#judged, message, this.#state))
    // counters have moved since
    return 'verdict' in explained && explained.code === answer.code ? explained : answer
  }
}

/** The same policy with every counter out of reach. */
function withoutLimits(snapshot: Snapshot): Snapshot {
  const limits = {
    ...snapshot.limits,
    discoveredPerSecond: NO_LIMIT,
    suspiciousPerSecond: NO_LIMIT,
    addressees: NO_LIMIT,
    peerPerSecond: 0,
    userPerSecond: 0,
  }
  return { ...snapshot, limits }
}

function add(groups: Map<string, GroupCount>, key: string, isBlocked: boolean): void {
  let group = groups.get(key)
  if (group === undefined) {
    if (groups.size >= MAX_GROUPS) return
    group = { newlyBlocked: 0, newlyAllowed: 0 }
    groups.set(key, group)
  }
  if (isBlocked) group.newlyBlocked++
  else group.newlyAllowed++
}
