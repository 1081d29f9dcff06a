import { resolve } from 'node:path'
import { EXPORT_FORMATS, ExportFolder, type ExportFormat, ExportRun } from '@gatehouse/archive/offline'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { ArchiveService } from '@gatehouse/proto'
import type { Call } from '../cli/command.ts'
import { type ExitCode, exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { timeOption } from './time-option.ts'

const cliError = errorsOf(cliCodes)
const QUESTION_OPTIONS = ['since', 'until', 'domain', 'user', 'conversation'] as const

/** `archive export --format`: what the archive streams, written into a folder that a broken run can go on with. */
export async function exportToFolder(call: Call, format: string): Promise<ExitCode> {
  if (!(EXPORT_FORMATS as readonly string[]).includes(format)) {
    throw cliError('GH-CLI-USAGE', `--format is one of ${EXPORT_FORMATS.join(', ')}.`)
  }
  const path = resolve(call.io.cwd, call.text('out') ?? '')
  const request = {
    sinceUs: timeOption(call, 'since'),
    untilUs: timeOption(call, 'until'),
    domain: call.text('domain') ?? '',
    user: call.text('user') ?? '',
    conversation: call.text('conversation') ?? '',
    reason: call.text('reason') ?? '',
  }
  // As it was typed: an age means another time at each run, but a run that goes on is the same question.
  const question = Object.fromEntries(QUESTION_OPTIONS.map((name) => [name, call.text(name) ?? '']))
  const folder = openFolder(path)
  if (folder.isFinished) throw cliError('GH-CLI-FILE', `${path} holds a finished export; name another folder.`)
  const run = new ExportRun(folder, { format: format as ExportFormat, question, nowMs: call.io.nowMs })
  await withGateway(call, async (connection) => {
    const parts = connection
      .client(ArchiveService)
      .exportEntries({ ...request, afterSequence: BigInt(run.resumeAfter) }, { deadlineMs: 86_400_000, signal: call.io.stop })
    for await (const part of parts) run.take(part)
  })
  if (!folder.isFinished) throw cliError('GH-CLI-FILE', 'the export was broken off; the same command goes on with it.')
  call.out.result({ folder: path, messages: run.messages }, () => `${run.messages} records exported to ${path}\n`)
  return exitCodes.ok.code
}

function openFolder(path: string): ExportFolder {
  try {
    return new ExportFolder(path)
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
}
