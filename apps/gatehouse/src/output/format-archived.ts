import type { Decision, ExplainArchivedResponse } from '@gatehouse/proto'
import { formatDeciding } from './format-deciding.ts'
import { formatDecision } from './format-decision.ts'
import { timeOfUs } from './format-time.ts'
import { indented } from './indented.ts'
import { printable, type Style } from './style.ts'
import { formatFacts } from './table.ts'

/** Why an archived message got its verdict: rules first, then what was looked at, the object that decided, and what would be today. */
export function formatArchived(response: ExplainArchivedResponse, style: Style): string {
  const { recorded, replayed, inputs, deciding, unreplayable } = response
  // the replay has the reason of every rule, the record only of the one that decided
  const shown = replayed ?? recorded
  let text = shown === undefined ? '' : formatDecision(shown, style)
  if (unreplayable !== '') text += `\n${style.warn('not replayed')}  ${printable(unreplayable)}; the proof above is the recorded one\n`
  else if (recorded !== undefined && replayed !== undefined && !isSame(recorded, replayed)) {
    text += `\n${style.bad('recorded otherwise')}  ${recorded.verdict} ${recorded.code}: ${printable(recorded.reason)}\n`
  }
  text += `\n${style.dim('what was looked at')}\n${indented(
    formatFacts(
      inputs.map(({ name, value }) => [name, value]),
      style,
    ),
  )}`
  text += revisionText(response, style)
  text += formatDeciding(deciding, recorded?.revision ?? 0n, style)
  return text + presentText(response, style)
}

function isSame(one: Decision, other: Decision): boolean {
  return one.verdict === other.verdict && one.code === other.code
}

function revisionText({ revision }: ExplainArchivedResponse, style: Style): string {
  if (revision === undefined) return ''
  const reason = revision.reason === '' ? '' : `: ${printable(revision.reason)}`
  return `\n${style.dim(`revision ${revision.revision}`)}  ${timeOfUs(revision.atUs)} by ${printable(revision.author)}${reason}\n`
}

function presentText({ recorded, present }: ExplainArchivedResponse, style: Style): string {
  if (present === undefined || recorded === undefined) return ''
  const now = `revision ${present.revision}, in force now,`
  if (isSame(recorded, present)) return `\n${style.good('still so')}  ${now} says the same\n`
  const verdict = present.verdict === 'allow' ? 'would let it through' : `would refuse it: ${present.code}`
  return `\n${style.warn('otherwise today')}  ${now} ${verdict}  ${printable(present.reason)}\n`
}
