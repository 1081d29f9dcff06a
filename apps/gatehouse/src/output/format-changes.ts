import type { ApplyResponse, PolicyChange, PolicyProblem } from '@gatehouse/proto'
import { printable, type Style } from './style.ts'
import type { Paint } from './table.ts'

const ACTIONS: Readonly<Record<string, { readonly sign: string; readonly paint: Paint }>> = {
  added: { sign: '+', paint: 'good' },
  changed: { sign: '~', paint: 'warn' },
  removed: { sign: '-', paint: 'bad' },
}

/** Whether anything refuses the document. */
export function hasErrors(problems: readonly PolicyProblem[]): boolean {
  return problems.some((problem) => problem.severity === 'error')
}

/** What an apply or a rollback came to. */
export function formatOutcome(response: ApplyResponse, isDryRun: boolean, style: Style): string {
  return (
    formatProblems(response.problems, style) +
    formatChanges(response.changes, response.changeCount, style) +
    outcome(response, isDryRun, style)
  )
}

export function formatProblems(problems: readonly PolicyProblem[], style: Style): string {
  return problems.map((problem) => problemLine(problem, style)).join('')
}

/** One block per object; `count` may be more than came over the wire. */
export function formatChanges(changes: readonly PolicyChange[], count: number, style: Style): string {
  const lines = changes.map((change) => changeLines(change, style)).join('')
  return count > changes.length ? `${lines}${style.dim(`… and ${count - changes.length} more`)}\n` : lines
}

function problemLine(problem: PolicyProblem, style: Style): string {
  const paint = problem.severity === 'error' ? style.bad : style.warn
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`
  return `${printable(place)}: ${paint(problem.severity)}: ${printable(problem.message)} ${style.dim(`(${problem.code})`)}\n`
}

function changeLines(change: PolicyChange, style: Style): string {
  const action = ACTIONS[change.action] ?? { sign: ' ', paint: 'dim' as const }
  const head = style[action.paint](`${action.sign} ${change.object}`)
  if (change.action !== 'changed') return `${head}\n`
  const before = new Set(change.before.split('\n'))
  const after = new Set(change.after.split('\n'))
  const gone = [...before].filter((line) => !after.has(line)).map((line) => style.bad(`    - ${printable(line)}`))
  const come = [...after].filter((line) => !before.has(line)).map((line) => style.good(`    + ${printable(line)}`))
  return `${[head, ...gone, ...come].join('\n')}\n`
}

function outcome(response: ApplyResponse, isDryRun: boolean, style: Style): string {
  const many = response.changeCount === 1 ? '1 change' : `${response.changeCount} changes`
  if (hasErrors(response.problems)) return `${style.bad('nothing applied')}; revision ${response.revision} stays in force\n`
  if (isDryRun) return `dry run: ${many}; revision ${response.revision} stays in force\n`
  if (!response.applied) return `no change; revision ${response.revision} is in force\n`
  return `${style.good('applied')}: ${many}; revision ${response.revision} is in force\n`
}
