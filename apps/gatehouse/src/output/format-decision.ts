import type { Decision } from '@gatehouse/proto'
import { printable, type Style } from './style.ts'
import { formatFacts, formatTable } from './table.ts'

/** A decision with its proof: verdict first, then every rule tried in order, the one that decided marked. */
export function formatDecision(decision: Decision, style: Style): string {
  const isAllowed = decision.verdict === 'allow'
  const verdict = isAllowed ? style.good('ALLOW') : style.bad('DENY')
  const facts = formatFacts(
    [
      ['code', decision.code],
      ['decided by', decision.rule],
      ['mark', `${decision.mark} (${decision.evidence})`],
      ['certificate', decision.nameMatch === 'none' || decision.nameMatch === '' ? 'no name matched' : `matched by ${decision.nameMatch}`],
      ['goes to', decision.destination === '' ? '-' : decision.destination],
      ['revision', decision.revision],
    ],
    style,
  )
  const rows = decision.proof.map((step) => {
    const isDeciding = step.rule === decision.rule
    const sign = isDeciding ? { text: '►', paint: isAllowed ? ('good' as const) : ('bad' as const) } : ''
    return [sign, step.rule, step.code, step.detail === '' ? '-' : step.detail, step.source === '' ? '-' : step.source]
  })
  const proof = formatTable(['', 'RULE', 'CODE', 'DETAIL', 'POLICY OBJECT'], rows, style)
  return `${verdict}  ${printable(decision.reason)}\n\n${facts}\n${proof}${formatObserved(decision, style)}`
}

/** What objects in mode observe would have done, had they been enforced. */
function formatObserved({ observed }: Decision, style: Style): string {
  if (observed.length === 0) return ''
  const rows = observed.map(({ rule, code, detail, source }) => [rule, code, detail === '' ? '-' : detail, source === '' ? '-' : source])
  return `\n${style.warn('observed, not enforced')}\n${formatTable(['RULE', 'CODE', 'DETAIL', 'POLICY OBJECT'], rows, style)}`
}
