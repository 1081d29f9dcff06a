import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { checkpointFromMessage, checkpointLine, recordLine } from '@gatehouse/archive/offline'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { ArchiveService, type ExportResponse } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { exportToFolder } from './export-to-folder.ts'

const cliError = errorsOf(cliCodes)

export const archiveExportCommand: Command = {
  name: 'archive export',
  summary: 'Write the log as it stands, for checks and for other systems',
  description:
    'Writes records and signed checkpoints as JSON lines. "gatehouse archive verify --file" checks such a file without the archive. With --format, writes messages for other systems into a folder, each with its proof, and a manifest; "gatehouse archive verify --folder" checks it. Broken off, the same command goes on where it stood. That you exported, and why, is recorded.',
  options: [
    {
      name: 'out',
      short: 'o',
      value: 'FILE',
      isRequired: true,
      description: 'File to write (mode 0600), or - for standard output; with --format a folder.',
    },
    {
      name: 'format',
      value: 'FORMAT',
      description: 'jsonl, eml (a mail per record), rsmf (2.0, per conversation) or actiance (XML, per conversation).',
    },
    { name: 'since', value: 'TIME', description: 'With --format: received from then on; ISO 8601 time, or an age such as 30m, 12h, 7d.' },
    { name: 'until', value: 'TIME', description: 'With --format: received before.' },
    { name: 'domain', value: 'DOMAIN', description: 'With --format: domain of either side.' },
    { name: 'user', value: 'ADDRESS', description: 'With --format: sender or recipient.' },
    { name: 'conversation', value: 'ID', description: 'With --format: SIP Call-ID.' },
    { name: 'reason', value: 'TEXT', description: 'With --format: why you export; recorded.' },
    { name: 'from', value: 'SEQ', description: 'First record. Default: the first of all.' },
    { name: 'to', value: 'SEQ', description: 'Last one. Default: the last of all.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse archive export -o export.jsonl', explanation: 'the whole log' },
    {
      command: 'gatehouse archive export --format eml --since 30d --domain fabrikam.example -o case-12',
      explanation: 'mails for a review',
    },
  ],
  run: async (call) => {
    const format = call.text('format')
    if (format !== undefined) return exportToFolder(call, format)
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
