import { errorsOf } from '@gatehouse/errors'
import type { ApplyResponse, PolicyChange, PolicyProblem } from '@gatehouse/proto'
import { PolicyAdminService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { printable, type Style } from '../output/style.ts'
import type { Paint } from '../output/table.ts'
import { readPolicyFiles } from './policy-files.ts'

const cliError = errorsOf(cliCodes)

export const applyCommand: Command = {
  name: 'apply',
  summary: 'Bring the policy to what the files say',
  description:
    'Sends policy documents to the gateway, which checks all of them, makes one new revision and shows what changed. All or nothing: one mistake and nothing is applied.',
  options: [
    {
      name: 'file',
      short: 'f',
      value: 'PATH',
      isMany: true,
      isRequired: true,
      description: 'File, folder of .yaml files, or - for standard input.',
    },
    { name: 'dry-run', description: 'Check and show the changes, apply nothing.' },
    { name: 'prune', description: 'Also delete what is in force but not in the files.' },
    { name: 'reason', value: 'TEXT', description: 'Why; kept in the history.' },
    { name: 'expected-revision', value: 'N', description: 'Refuse unless this revision is in force.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse apply -f policy/ --dry-run', explanation: 'what would change' },
    { command: 'gatehouse apply -f partners.yaml --reason "Fabrikam joins, ticket 4711"', explanation: 'apply one file' },
    { command: 'gatehouse export | gatehouse apply -f - --prune', explanation: 'a round trip changes nothing' },
  ],
  run: async (call) => {
    const revision = call.text('expected-revision')
    if (revision !== undefined && !/^\d{1,18}$/.test(revision)) throw cliError('GH-CLI-USAGE', '--expected-revision is a number.')
    const files = await readPolicyFiles(call, call.texts('file'))
    const response = await withGateway(call, (connection) =>
      connection.client(PolicyAdminService).apply({
        files: [...files],
        author: call.io.userName,
        reason: call.text('reason') ?? '',
        dryRun: call.flag('dry-run'),
        prune: call.flag('prune'),
        expectedRevision: BigInt(revision ?? 0),
      }),
    )
    call.out.result(response, () => describe(response, call.flag('dry-run'), call.out.style))
    const hasErrors = response.problems.some((problem) => problem.severity === 'error')
    return hasErrors ? exitCodes.problems.code : exitCodes.ok.code
  },
}

const ACTIONS: Readonly<Record<string, { readonly sign: string; readonly paint: Paint }>> = {
  added: { sign: '+', paint: 'good' },
  changed: { sign: '~', paint: 'warn' },
  removed: { sign: '-', paint: 'bad' },
}

function describe(response: ApplyResponse, isDryRun: boolean, style: Style): string {
  const problems = response.problems.map((problem) => problemLine(problem, style)).join('')
  const changes = response.changes.filter((change) => change.action !== 'unchanged')
  const lines = changes.map((change) => changeLines(change, style)).join('')
  return problems + lines + outcome(response, changes.length, isDryRun, style)
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

function outcome(response: ApplyResponse, changes: number, isDryRun: boolean, style: Style): string {
  const many = changes === 1 ? '1 change' : `${changes} changes`
  if (response.problems.some((problem) => problem.severity === 'error'))
    return `${style.bad('nothing applied')}; revision ${response.revision} stays in force\n`
  if (isDryRun) return `dry run: ${many}; revision ${response.revision} stays in force\n`
  if (!response.applied) return `no change; revision ${response.revision} is in force\n`
  return `${style.good('applied')}: ${many}; revision ${response.revision} is in force\n`
}
