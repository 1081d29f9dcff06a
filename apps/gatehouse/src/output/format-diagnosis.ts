import { firstTrouble, STEP_NAMES, type StepReport, type StepResult, worstOf } from '@gatehouse/doctor'
import { printable, type Style } from './style.ts'
import type { Paint } from './table.ts'

const SIGNS: Readonly<Record<StepResult, { readonly text: string; readonly paint: Paint }>> = {
  ok: { text: 'ok', paint: 'good' },
  warn: { text: 'warn', paint: 'warn' },
  fail: { text: 'FAIL', paint: 'bad' },
  skipped: { text: 'skip', paint: 'dim' },
}
const SIDES: Readonly<Record<string, string>> = {
  theirs: 'for the partner',
  ours: 'for us',
  either: 'for us and the partner',
}
const NAME_WIDTH = Math.max(...STEP_NAMES.map((name) => name.length))
const INDENT = ' '.repeat(4 + 2 + NAME_WIDTH + 2 + 9 + 2)
const SHOWN_FACTS = 4

/** One step: what was seen, and where something is wrong what it is and who has to do what. */
export function formatStep(report: StepReport, style: Style): string {
  const { text, paint } = SIGNS[report.result]
  const time = `${report.durationMs} ms`.padStart(9)
  const lines = [`${style[paint](text.padEnd(4))}  ${style.bold(report.name.padEnd(NAME_WIDTH))}  ${style.dim(time)}  ${headOf(report)}`]
  if (report.code !== '') {
    if (report.detail !== '') lines.push(`${INDENT}${printable(report.detail)}`)
    if (report.fix !== '') lines.push(`${INDENT}${style.bold(SIDES[report.side] ?? '')}: ${printable(report.fix)}`)
    lines.push(`${INDENT}${style.dim(report.code)}`)
  }
  for (const { code, detail } of report.also) lines.push(`${INDENT}${style.warn('also')} ${printable(`${code} ${detail}`)}`)
  return `${lines.join('\n')}\n`
}

function headOf(report: StepReport): string {
  if (report.code !== '') return printable(report.summary)
  if (report.result === 'skipped') return printable(report.detail)
  return report.facts
    .slice(0, SHOWN_FACTS)
    .map(([name, value]) => printable(`${name}: ${value}`))
    .join('; ')
}

/** The last line: is it well, and where to begin. */
export function formatVerdict(domain: string, reports: readonly StepReport[], style: Style): string {
  const trouble = firstTrouble(reports)
  const worst = worstOf(reports)
  const { paint } = SIGNS[worst]
  if (trouble === undefined) return `\n${style[paint](`${domain}: nothing is wrong`)}\n`
  const word = worst === 'fail' ? 'messages cannot pass' : 'messages can pass, but'
  return `\n${style[paint](`${domain}: ${word}`)}${worst === 'fail' ? '; begin with' : ' look at'} ${trouble.name}: ${trouble.summary}\n`
}

const STATES: Readonly<Record<'ok' | 'warn' | 'fail', string>> = { ok: 'OK', warn: 'WARNING', fail: 'CRITICAL' }

/** One line for Nagios and its like: state, text, `|`, performance data. */
export function formatMonitoring(domain: string, reports: readonly StepReport[]): string {
  const trouble = firstTrouble(reports)
  const text = trouble === undefined ? 'nothing is wrong' : `${trouble.name}: ${trouble.summary} ${trouble.detail} (${trouble.code})`
  const total = reports.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const daysLeft = reports.flatMap(({ facts }) => facts).find(([name]) => name === 'days left')?.[1]
  const perfdata = [
    `time=${total}ms`,
    ...reports.filter(({ result }) => result !== 'skipped').map(({ name, durationMs }) => `${name}=${durationMs}ms`),
    ...(daysLeft === undefined ? [] : [`certificate_days=${daysLeft}`]),
  ]
  return monitoringLine(STATES[worstOf(reports)], `${domain}: ${text}`, perfdata.join(' '))
}

/** `|` ends the text for Nagios. */
export function monitoringLine(state: string, text: string, perfdata = ''): string {
  const clean = printable(text).replaceAll('|', '/').replaceAll(/ +/g, ' ')
  return `GATEHOUSE ${state} - ${clean}${perfdata === '' ? '' : ` | ${perfdata}`}\n`
}
