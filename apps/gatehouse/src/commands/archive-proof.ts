import {
  checkpointFromMessage,
  faultOfProof,
  type ProvenRecord,
  parseProofLine,
  proofLine,
  readPublicKey,
} from '@gatehouse/archive/offline'
import { errorsOf } from '@gatehouse/errors'
import { ArchiveService, type ProvenRecord as ProvenRecordMessage } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { readText } from '../read-text.ts'

const cliError = errorsOf(cliCodes)

export const archiveProofCommand: Command = {
  name: 'archive proof',
  summary: 'Prove one message, or check such a proof',
  description:
    'Writes one line of JSON: the record, its path in the signed Merkle tree (RFC 6962) and the checkpoint. With --check it reads such a line and says, without the archive, whether it holds. That you asked is recorded.',
  options: [
    { name: 'check', value: 'FILE', description: 'Check this proof instead of making one; needs --public-key.' },
    { name: 'public-key', value: 'FILE', isMany: true, description: "The archive's public key (PEM), one per key it ever had." },
    ...connectOptions,
  ],
  positionals: [{ name: 'ID', description: 'Envelope id (32 hex digits) or sequence of the record.' }],
  examples: [
    { command: 'gatehouse archive proof 4711 > proof.json', explanation: 'the proof for record 4711' },
    { command: 'gatehouse archive proof --check proof.json --public-key archive.db.key.pub', explanation: 'check it anywhere' },
  ],
  run: async (call) => {
    const file = call.text('check')
    if (file !== undefined) return checkProof(call, file)
    const id = call.positionals[0] ?? ''
    if (!/^([0-9a-f]{32}|\d{1,15})$/i.test(id)) throw cliError('GH-CLI-USAGE', 'ID is an envelope id (32 hex digits) or a sequence.')
    const request = id.length === 32 ? { envelopeId: Buffer.from(id, 'hex') } : { sequence: BigInt(id) }
    const { record, checkpoint } = await withGateway(call, (connection) => connection.client(ArchiveService).prove(request))
    if (record === undefined || checkpoint === undefined) throw cliError('GH-CLI-INTERNAL', 'the archive sent no proof')
    call.io.out.write(`${proofLine(provenRecord(record, checkpointFromMessage(checkpoint)), true)}\n`)
    return exitCodes.ok.code
  },
}

/** A proven record as the archive sent it. */
export function provenRecord(message: ProvenRecordMessage, checkpoint: ProvenRecord['checkpoint']): ProvenRecord {
  const { record, proof, messageKey } = message
  if (record === undefined) throw cliError('GH-CLI-INTERNAL', 'the archive sent a proof without its record')
  return {
    record: {
      sequence: Number(record.sequence),
      committedAtUs: Number(record.committedAtUs),
      hash: record.hash,
      record: record.record,
    },
    previousHash: record.previousHash,
    proof: proof === undefined ? undefined : { index: Number(proof.index), size: Number(proof.size), path: proof.path },
    checkpoint,
    messageKey: messageKey.length === 0 ? undefined : messageKey,
  }
}

function checkProof(call: Call, file: string): 0 | 1 {
  const keys = call.texts('public-key').map((keyFile) => readPublicKey(readText(call.io.cwd, keyFile)))
  if (keys.length === 0) throw cliError('GH-CLI-USAGE', '--check needs --public-key: a key from the proof itself would prove nothing.')
  const proven = parseProofLine(readText(call.io.cwd, file).trim())
  if (proven === undefined) throw cliError('GH-CLI-EXPORT-FORMAT', `${file} is no proof`)
  const fault = faultOfProof(proven, keys)
  const { sequence, committedAtUs } = proven.record
  call.out.result({ holds: fault === undefined, sequence, fault: fault ?? '' }, () =>
    fault === undefined
      ? `${call.out.style.good('holds')}: record ${sequence}, committed ${new Date(committedAtUs / 1000).toISOString()}\n`
      : `${call.out.style.bad('DOES NOT HOLD')}: ${fault}\n`,
  )
  return fault === undefined ? exitCodes.ok.code : exitCodes.negative.code
}
