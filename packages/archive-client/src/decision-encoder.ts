import type { Decision, ProofStep } from '@gatehouse/im-model'
import type { ReverseWriter } from './reverse-writer.ts'

/** The part of a decision that is recorded; proto `Decision`. */
export type DecisionFields = Pick<
  Decision,
  | 'verdict'
  | 'code'
  | 'reason'
  | 'rule'
  | 'mark'
  | 'evidence'
  | 'nameMatch'
  | 'destination'
  | 'proof'
  | 'revision'
  | 'observed'
  | 'peerClass'
>

interface Known {
  readonly decision: DecisionFields
  readonly bytes: Uint8Array
}

// Both directions of the partners that talk just now; more would only be looked through in vain.
const MAX_KNOWN = 16

/** Writes decisions, those that were written before from memory: messages that are allowed are nearly all allowed alike. */
export class DecisionEncoder {
  readonly #known: Known[] = []
  #next = 0

  /** The fields of a proto `Decision`, without tag and length. */
  write(writer: ReverseWriter, decision: DecisionFields): void {
    // A refusal has details of its own, and so has what was only observed.
    if (decision.verdict !== 'allow' || decision.observed !== undefined) {
      writeDecision(writer, decision)
      return
    }
    const known = this.#find(decision)
    if (known !== undefined) {
      writer.raw(known.bytes)
      return
    }
    const start = writer.length
    writeDecision(writer, decision)
    this.#known[this.#next] = { decision, bytes: writer.copySince(start) }
    this.#next = (this.#next + 1) % MAX_KNOWN
  }

  #find(decision: DecisionFields): Known | undefined {
    const known = this.#known
    for (let at = 0; at < known.length; at++) if (isSame(known[at]!.decision, decision)) return known[at]
    return undefined
  }
}

/** Whether both give the same bytes; steps are compared by identity, as the policy engine gives the same object for the same step. */
function isSame(known: DecisionFields, decision: DecisionFields): boolean {
  const isAlike =
    known.mark === decision.mark &&
    known.evidence === decision.evidence &&
    known.nameMatch === decision.nameMatch &&
    known.rule === decision.rule &&
    known.revision === decision.revision &&
    known.peerClass === decision.peerClass &&
    known.code === decision.code &&
    known.reason === decision.reason &&
    known.proof.length === decision.proof.length &&
    destinationWord(known) === destinationWord(decision)
  if (!isAlike) return false
  for (let at = 0; at < known.proof.length; at++) if (known.proof[at] !== decision.proof[at]) return false
  return true
}

function destinationWord({ destination }: DecisionFields): string {
  if (destination === undefined) return ''
  if (destination.to === 'inside') return 'inside'
  return destination.to === 'network' ? destination.network : destination.partner
}

function writeDecision(writer: ReverseWriter, decision: DecisionFields): void {
  if (decision.observed !== undefined) writeSteps(writer, 12, decision.observed)
  writer.string(11, decision.peerClass)
  writer.uint(10, decision.revision)
  writeSteps(writer, 9, decision.proof)
  writer.string(8, destinationWord(decision))
  writer.string(7, decision.nameMatch)
  writer.string(6, decision.evidence)
  writer.string(5, decision.mark)
  writer.string(4, decision.rule)
  writer.string(3, decision.reason)
  writer.string(2, decision.code)
  writer.string(1, decision.verdict)
}

function writeSteps(writer: ReverseWriter, field: number, steps: readonly ProofStep[]): void {
  for (let at = steps.length - 1; at >= 0; at--) {
    const step = steps[at]!
    const stepStart = writer.length
    if (step.source !== undefined) writer.string(4, step.source)
    if (step.detail !== undefined) writer.string(3, step.detail)
    writer.string(2, step.code)
    writer.string(1, step.rule)
    writer.message(field, stepStart)
  }
}
