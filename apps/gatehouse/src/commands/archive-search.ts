import { fromBinary } from '@bufbuild/protobuf'
import { errorsOf } from '@gatehouse/errors'
import type { Envelope, StoredRecord } from '@gatehouse/proto'
import { ArchiveRecordSchema, ArchiveService } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { timeOfUs } from '../output/format-time.ts'
import type { Cell } from '../output/table.ts'
import { formatTable } from '../output/table.ts'
import { timeOption } from './time-option.ts'

const cliError = errorsOf(cliCodes)

export const archiveSearchCommand: Command = {
  name: 'archive search',
  summary: 'Find archived messages',
  description:
    'Finds messages in the archive, newest first: who, to whom, the verdict and what became of it. That you asked, and why, is recorded.',
  options: [
    { name: 'from', value: 'ADDRESS', description: 'Sender.' },
    { name: 'to', value: 'ADDRESS', description: 'Recipient.' },
    { name: 'domain', value: 'DOMAIN', description: 'Domain of either side.' },
    { name: 'text', value: 'TEXT', description: 'Words in the body.' },
    { name: 'verdict', value: 'VERDICT', description: 'allow or deny.' },
    { name: 'mark', value: 'MARK', description: 'verified or unverified.' },
    {
      name: 'conversation',
      value: 'ID',
      description:
        'SIP Call-ID; or the id of a message: what its two participants wrote around it without an hour of silence, over all sessions and networks.',
    },
    { name: 'since', value: 'TIME', description: 'ISO 8601 time, or an age such as 30m, 12h, 7d.' },
    { name: 'until', value: 'TIME', description: 'The same.' },
    { name: 'limit', value: 'N', description: 'At most this many. Default 50.' },
    { name: 'show-body', description: 'Also show bodies.' },
    { name: 'reason', value: 'TEXT', description: 'Why you look; recorded.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse archive search --domain fabrikam.example --since 1h', explanation: 'an hour with one partner' },
    { command: 'gatehouse archive search --verdict deny', explanation: 'what was refused, and why' },
    {
      command: 'gatehouse archive search --conversation 019dcee3a2f0a1b2c3d4e5f600000007 --show-body',
      explanation: 'all of the conversation that a message is of',
    },
    { command: 'gatehouse archive search --from carol@fabrikam.example --show-body --reason "case 12"', explanation: 'read messages' },
  ],
  run: async (call) => {
    const request = requestOf(call)
    const found = await withGateway(call, async (connection) => {
      const records: StoredRecord[] = []
      for await (const part of connection.client(ArchiveService).search(request)) if (part.record !== undefined) records.push(part.record)
      return records
    })
    const rows = found.map(readable)
    call.out.result({ records: rows }, () => describe(rows, call))
    return rows.length > 0 ? exitCodes.ok.code : exitCodes.negative.code
  },
}

function requestOf(call: Call) {
  const limit = Number(call.text('limit') ?? 50)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000)
    throw cliError('GH-CLI-USAGE', '--limit is a whole number from 1 to 100000.')
  return {
    fromAddress: call.text('from') ?? '',
    toAddress: call.text('to') ?? '',
    domain: call.text('domain') ?? '',
    text: call.text('text') ?? '',
    verdict: call.text('verdict') ?? '',
    mark: call.text('mark') ?? '',
    ...conversationOf(call.text('conversation') ?? ''),
    sinceUs: timeOption(call, 'since'),
    untilUs: timeOption(call, 'until'),
    limit,
    reason: call.text('reason') ?? '',
  }
}

/** The id of a message is 32 hex digits; some Call-IDs are, too, and are looked for where no message has that id. */
function conversationOf(id: string): { readonly conversation: string; readonly conversationOf?: Uint8Array } {
  return /^[0-9a-f]{32}$/i.test(id) ? { conversation: id, conversationOf: Buffer.from(id, 'hex') } : { conversation: id }
}

interface ReadableRecord {
  /** For `gatehouse explain --id`. */
  readonly id: string
  readonly sequence: string
  readonly at: string
  readonly direction: string
  readonly from: string
  readonly to: string
  readonly method: string
  readonly verdict: string
  readonly code: string
  readonly reason: string
  readonly mark: string
  readonly status: number
  readonly peer: string
  readonly conversation: string
  readonly contentType: string
  readonly bodyBytes: number
  readonly body: string
  readonly hash: string
}

function readable(stored: StoredRecord): ReadableRecord {
  const { content } = fromBinary(ArchiveRecordSchema, stored.record)
  const entry = content.case === 'entry' ? content.value : undefined
  const envelope = entry?.envelope
  const decision = entry?.decision
  return {
    id: Buffer.from(envelope?.id ?? new Uint8Array()).toString('hex'),
    sequence: stored.sequence.toString(),
    at: timeOfUs(envelope?.receivedAtUs ?? stored.committedAtUs),
    direction: envelope?.direction ?? '',
    from: envelope?.fromAddress ?? '',
    to: envelope?.toAddress ?? '',
    method: envelope?.method ?? '',
    verdict: decision?.verdict ?? '',
    code: decision?.code ?? '',
    reason: decision?.reason ?? '',
    mark: decision?.mark ?? '',
    status: stored.outcomeStatus,
    peer: envelope?.peer?.partner ?? '',
    conversation: envelope?.conversation ?? '',
    contentType: envelope?.contentType ?? '',
    bodyBytes: envelope?.bodyBytes ?? 0,
    body: bodyOf(stored, envelope),
    hash: Buffer.from(stored.hash).toString('hex'),
  }
}

function bodyOf(stored: StoredRecord, envelope: Envelope | undefined): string {
  if (stored.bodyErased) return '[erased]'
  return Buffer.from(stored.body.length > 0 ? stored.body : (envelope?.body ?? new Uint8Array())).toString('utf8')
}

function describe(rows: readonly ReadableRecord[], call: Call): string {
  const hasBody = call.flag('show-body')
  const headers = [
    'SEQ',
    'WHEN',
    'DIRECTION',
    'FROM',
    'TO',
    'METHOD',
    'VERDICT',
    'MARK',
    'STATUS',
    'CODE',
    'ID',
    ...(hasBody ? ['BODY'] : []),
  ]
  const cells = rows.map((row): readonly Cell[] => [
    row.sequence,
    row.at,
    row.direction,
    row.from,
    row.to,
    row.method,
    { text: row.verdict, paint: row.verdict === 'allow' ? 'good' : 'bad' },
    { text: row.mark, paint: row.mark === 'verified' ? 'good' : 'warn' },
    row.status === 0 ? '-' : row.status,
    row.code,
    row.id,
    ...(hasBody ? [row.body] : []),
  ])
  return formatTable(headers, cells, call.out.style)
}
