import { errorsOf } from '@gatehouse/errors'
import { PolicyDecisionService, type SimulateResponse } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { formatProblems, hasErrors } from '../output/format-changes.ts'
import { formatSimulation } from '../output/format-simulation.ts'
import { readPolicyFiles } from './policy-files.ts'
import { timeOption } from './time-option.ts'

const cliError = errorsOf(cliCodes)

const LONGEST_MS = 86_400_000
const DEFAULT_AGE_MS = 30 * 86_400_000

export const simulateCommand: Command = {
  name: 'simulate',
  summary: 'Try a changed policy on archived traffic',
  description:
    'Judges what was archived again, under the policy in force and under the changed one, and lists what would newly be blocked or let through, by partner and user. Nothing is applied. Messages are judged as of their own time; rates and limits are left out unless asked for.',
  options: [
    {
      name: 'file',
      short: 'f',
      value: 'PATH',
      isMany: true,
      isRequired: true,
      description: 'File, folder of .yaml files, or - for standard input.',
    },
    { name: 'prune', description: 'Also delete what is in force but not in the files.' },
    { name: 'since', value: 'TIME', description: 'ISO 8601 time, or an age such as 12h, 7d. Default 30d.' },
    { name: 'until', value: 'TIME', description: 'The same. Default: now.' },
    { name: 'partner', value: 'NAME', description: 'Only traffic with this partner: name of its object, or a domain.' },
    { name: 'with-rates', description: 'Also count rates and limits, in the order of the archive.' },
    { name: 'examples', value: 'N', description: 'At most so many examples. Default 20.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse simulate -f new.yaml', explanation: 'what the last thirty days would have been' },
    { command: 'gatehouse simulate -f policy/ --prune --since 7d --json', explanation: 'the whole policy from Git, for a pipeline' },
    { command: 'gatehouse simulate -f fabrikam.yaml --partner fabrikam', explanation: 'one partner only' },
  ],
  run: async (call) => {
    const files = await readPolicyFiles(call, call.texts('file'))
    const request = {
      files: [...files],
      prune: call.flag('prune'),
      sinceUs: sinceOf(call),
      untilUs: timeOption(call, 'until'),
      partner: call.text('partner') ?? '',
      withRates: call.flag('with-rates'),
      maxExamples: examplesOption(call),
    }
    const last = await withGateway(call, async (connection) => {
      let answer: SimulateResponse | undefined
      const steps = connection.client(PolicyDecisionService).simulate(request, { deadlineMs: LONGEST_MS, signal: call.io.stop })
      for await (const step of steps) {
        answer = step
        if (step.report === undefined && call.io.isTerminal) call.out.progress(`\r${step.judged} messages, ${percentOf(step)} %`)
      }
      if (call.io.isTerminal) call.out.progress('\r')
      return answer
    })
    const problems = last?.problems ?? []
    call.out.result(last ?? {}, () => formatProblems(problems, call.out.style) + formatSimulation(last?.report, call.out.style))
    return hasErrors(problems) ? exitCodes.problems.code : exitCodes.ok.code
  },
}

function sinceOf(call: Call): bigint {
  const sinceUs = timeOption(call, 'since')
  return sinceUs === 0n ? BigInt(Math.trunc(Math.max(0, call.io.nowMs() - DEFAULT_AGE_MS))) * 1_000n : sinceUs
}

function examplesOption(call: Call): number {
  const count = Number(call.text('examples') ?? 20)
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw cliError('GH-CLI-USAGE', '--examples is a whole number from 1 to 10000.')
  return count
}

function percentOf({ reachedSequence, firstSequence, lastSequence }: SimulateResponse): number {
  const whole = Number(lastSequence - firstSequence) + 1
  return Math.floor((100 * (Number(reachedSequence - firstSequence) + 1)) / Math.max(1, whole))
}
