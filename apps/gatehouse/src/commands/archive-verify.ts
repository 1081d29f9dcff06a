import type { KeyObject } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type Checkpoint, parseExportLine, readPublicKey, verifyExport, verifyFolder } from '@gatehouse/archive/offline'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { ArchiveService, type VerifyResponse } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { printable, type Style } from '../output/style.ts'
import { readText } from '../read-text.ts'

const cliError = errorsOf(cliCodes)

export const archiveVerifyCommand: Command = {
  name: 'archive verify',
  summary: 'Prove that nothing was altered or removed',
  description:
    'Checks the hash chain and the signed checkpoints, record by record: in the running archive, or offline in an export with the public key that was kept elsewhere.',
  options: [
    { name: 'file', short: 'f', value: 'EXPORT', description: 'Check this export instead of the running archive; needs --public-key.' },
    { name: 'folder', value: 'DIR', description: 'Check the folder of an export with --format instead; needs --public-key.' },
    { name: 'public-key', value: 'FILE', isMany: true, description: "The archive's public key (PEM), one per key it ever had." },
    { name: 'checkpoints', value: 'FILE', isMany: true, description: 'Second checkpoint file (archive.checkpoint.file).' },
    { name: 'from', value: 'SEQ', description: 'First record to check. Default: the first of all.' },
    { name: 'to', value: 'SEQ', description: 'Last one. Default: the last of all.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse archive verify', explanation: 'the running archive' },
    { command: 'gatehouse archive verify -f export.jsonl --public-key archive.db.key.pub', explanation: 'an export, without the archive' },
  ],
  run: async (call) => {
    const file = call.text('file')
    const folder = call.text('folder')
    const report =
      folder !== undefined ? checkFolder(call, folder) : file === undefined ? await verifyOnline(call) : await verifyOffline(call, file)
    call.out.result(report, () => describe(report, call.out.style))
    return report.isIntact ? exitCodes.ok.code : exitCodes.negative.code
  },
}

interface Report {
  readonly isIntact: boolean
  readonly checked: number
  readonly headSequence: number
  readonly headHash: string
  readonly findings: readonly { readonly sequence: number; readonly code: string; readonly detail: string }[]
}

async function verifyOnline(call: Call): Promise<Report> {
  const request = { fromSequence: sequenceOption(call, 'from'), toSequence: sequenceOption(call, 'to') }
  return await withGateway(call, async (connection) => {
    let last: VerifyResponse | undefined
    // A long log takes as long as it takes: the deadline of single calls does not fit.
    const steps = connection.client(ArchiveService).verify(request, { deadlineMs: 86_400_000, signal: call.io.stop })
    for await (const step of steps) {
      last = step
      if (!step.finished && call.io.isTerminal) call.out.progress(`\r${step.checked} of ${step.total} records`)
    }
    if (call.io.isTerminal) call.out.progress('\r')
    return {
      isIntact: last?.finished === true && last.intact,
      checked: Number(last?.checked ?? 0n),
      headSequence: Number(last?.headSequence ?? 0n),
      headHash: Buffer.from(last?.headHash ?? new Uint8Array()).toString('hex'),
      findings: (last?.findings ?? []).map(({ sequence, code, detail }) => ({ sequence: Number(sequence), code, detail })),
    }
  })
}

function checkFolder(call: Call, folder: string): Report {
  const publicKeys = publicKeysOf(call)
  try {
    return verifyFolder(resolve(call.io.cwd, folder), publicKeys)
  } catch (cause) {
    throw cliError('GH-CLI-EXPORT-FORMAT', `${folder}: ${messageOf(cause)}`, { cause })
  }
}

function publicKeysOf(call: Call): readonly KeyObject[] {
  const keyFiles = call.texts('public-key')
  if (keyFiles.length === 0)
    throw cliError('GH-CLI-USAGE', 'An export needs --public-key: a key from the export itself would prove nothing.')
  return keyFiles.map((keyFile) => readPublicKey(readText(call.io.cwd, keyFile)))
}

async function verifyOffline(call: Call, file: string): Promise<Report> {
  const publicKeys = publicKeysOf(call)
  const { cwd } = call.io
  const report = await verifyExport(() => linesOf(resolve(cwd, file)), {
    publicKeys,
    otherCheckpoints: call.texts('checkpoints').flatMap((path) => checkpointsOf(resolve(cwd, path))),
  })
  return {
    isIntact: report.isIntact,
    checked: report.checked,
    headSequence: report.headSequence,
    headHash: Buffer.from(report.headHash).toString('hex'),
    findings: report.findings,
  }
}

async function* linesOf(path: string): AsyncIterable<string> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
}

function checkpointsOf(path: string): readonly Checkpoint[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const parsed = parseExportLine(line)
      if (parsed?.kind !== 'checkpoint') throw cliError('GH-CLI-EXPORT-FORMAT', `${path}:${index + 1} is not a checkpoint`)
      return parsed.checkpoint
    })
}

function sequenceOption(call: Call, name: string): bigint {
  const text = call.text(name) ?? '0'
  if (!/^\d{1,15}$/.test(text)) throw cliError('GH-CLI-USAGE', `--${name} is a sequence number.`)
  return BigInt(text)
}

function describe(report: Report, style: Style): string {
  const head = `${report.checked} records checked, head ${report.headSequence} ${style.dim(report.headHash)}\n`
  if (report.isIntact) return `${style.good('intact')}: ${head}`
  const findings = report.findings.map((finding) => `  ${style.bad(finding.code)} at ${finding.sequence}: ${printable(finding.detail)}\n`)
  return `${style.bad('NOT INTACT')}: ${head}${findings.join('')}`
}
