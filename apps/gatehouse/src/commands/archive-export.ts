import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { checkpointFromMessage, checkpointLine, recordLine } from '@gatehouse/archive'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { ArchiveService, type ExportResponse } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'

const cliError = errorsOf(cliCodes)

export const archiveExportCommand: Command = {
  name: 'archive export',
  summary: 'Write the log as it stands, for checks and for other systems',
  description:
    'Writes records and signed checkpoints as JSON lines. "gatehouse archive verify --file" checks such a file without the archive.',
  options: [
    { name: 'out', short: 'o', value: 'FILE', isRequired: true, description: 'File to write (mode 0600), or - for standard output.' },
    { name: 'from', value: 'SEQ', description: 'First record. Default: the first of all.' },
    { name: 'to', value: 'SEQ', description: 'Last one. Default: the last of all.' },
    ...connectOptions,
  ],
  examples: [{ command: 'gatehouse archive export -o export.jsonl', explanation: 'the whole log' }],
  run: async (call) => {
    const out = call.text('out') ?? '-'
    const records =
      out === '-' ? await exportTo(call, (line) => void call.io.out.write(line)) : await exportToFile(call, resolve(call.io.cwd, out))
    if (out !== '-') call.out.result({ file: out, records }, () => `${records} records written to ${out}\n`)
    return exitCodes.ok.code
  },
}

async function exportToFile(call: Call, path: string): Promise<number> {
  const stream = createWriteStream(path, { mode: 0o600 })
  try {
    await once(stream, 'open')
    const records = await exportTo(call, (line) => (stream.write(line) ? undefined : once(stream, 'drain')))
    stream.end()
    await once(stream, 'finish')
    return records
  } catch (cause) {
    stream.destroy()
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
}

async function exportTo(call: Call, write: (line: string) => unknown): Promise<number> {
  const request = { fromSequence: sequenceOption(call, 'from'), toSequence: sequenceOption(call, 'to') }
  return await withGateway(call, async (connection) => {
    let records = 0
    for await (const response of connection.client(ArchiveService).export(request, { deadlineMs: 86_400_000, signal: call.io.stop })) {
      const line = lineOf(response)
      if (line === undefined) continue
      if (response.part.case === 'record') records++
      await write(`${line}\n`)
    }
    return records
  })
}

function lineOf({ part }: ExportResponse): string | undefined {
  if (part.case === 'record') {
    const { sequence, committedAtUs } = part.value
    return recordLine({ ...part.value, sequence: Number(sequence), committedAtUs: Number(committedAtUs) })
  }
  if (part.case !== 'checkpoint') return undefined
  return checkpointLine(checkpointFromMessage(part.value))
}

function sequenceOption(call: Call, name: string): bigint {
  const text = call.text(name) ?? '0'
  if (!/^\d{1,15}$/.test(text)) throw cliError('GH-CLI-USAGE', `--${name} is a sequence number.`)
  return BigInt(text)
}
