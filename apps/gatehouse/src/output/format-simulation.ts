import type { SimulatedGroup, SimulationReport } from '@gatehouse/proto'
import { timeOfUs } from './format-time.ts'
import { printable, type Style } from './style.ts'
import { type Cell, formatTable } from './table.ts'

const MAX_GROUPS_SHOWN = 20

/** What a change would have done: the sums first, then by partner and user, then examples, then what the answer does not cover. */
export function formatSimulation(report: SimulationReport | undefined, style: Style): string {
  if (report === undefined) return ''
  const { judged, newlyBlocked, newlyAllowed, objectsChanged } = report
  let text = `${judged} messages judged under revision ${report.revision} and under the change (${objectsChanged} objects)\n\n`
  text += `  ${style.bad(`${newlyBlocked} newly blocked`)}\n  ${style.good(`${newlyAllowed} newly let through`)}\n`
  if (report.markChanged > 0n) text += `  ${report.markChanged} pass as before, with another mark\n`
  if (report.codeChanged > 0n) text += `  ${report.codeChanged} refused as before, for another reason\n`
  if (report.partners.length > 0) text += `\n${groups('PARTNER', report.partners, style)}`
  if (report.users.length > 0) text += `\n${groups('USER', report.users, style)}`
  if (report.examples.length > 0) text += `\n${examples(report, style)}`
  return text + caveats(report, style)
}

function groups(header: string, counted: readonly SimulatedGroup[], style: Style): string {
  const rows = counted.slice(0, MAX_GROUPS_SHOWN).map(({ key, newlyBlocked, newlyAllowed }) => [key, newlyBlocked, newlyAllowed])
  const more = counted.length - rows.length
  return formatTable([header, 'BLOCKED', 'LET THROUGH'], rows, style) + (more > 0 ? style.dim(`and ${more} more; all with --json\n`) : '')
}

function examples(report: SimulationReport, style: Style): string {
  const rows = report.examples.map((example): readonly Cell[] => [
    { text: example.afterVerdict === 'allow' ? 'let through' : 'blocked', paint: example.afterVerdict === 'allow' ? 'good' : 'bad' },
    timeOfUs(example.atUs),
    example.fromAddress,
    example.toAddress,
    example.beforeCode,
    example.afterCode,
    example.afterSource === '' ? '-' : example.afterSource,
    Buffer.from(example.envelopeId).toString('hex'),
  ])
  return formatTable(['WOULD BE', 'WHEN', 'FROM', 'TO', 'WAS', 'WOULD BE', 'BY', 'ID'], rows, style)
}

function caveats(report: SimulationReport, style: Style): string {
  const lines: string[] = []
  for (const { messages, reason, code } of report.unreplayable) lines.push(`${messages} not judged (${code}): ${printable(reason)}`)
  if (report.differsFromRecord > 0n) {
    lines.push(
      `${report.differsFromRecord} got another verdict when they were archived than revision ${report.revision} gives: not by this change`,
    )
  }
  lines.push(
    report.withRates
      ? 'rates and limits counted only what is archived: presence, typing and failed answers are not'
      : 'rates and limits are left out; --with-rates counts them',
  )
  return `\n${lines.map((line) => `${style.dim('note')}  ${line}\n`).join('')}`
}
