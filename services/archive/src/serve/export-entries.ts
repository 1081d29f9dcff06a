import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ExportEntriesRequest, ExportEntriesResponseSchema } from '@gatehouse/proto'
import { RECORD_TYPE, type RecordFields, scanRecord } from '../append/record-fields.ts'
import { searchAddress, searchDomain } from '../append/search-address.ts'
import { openBody } from '../seal/body-reader.ts'
import type { KeyVault } from '../seal/key-vault.ts'
import type { LogSource } from '../store/log-source.ts'
import { ProofMaker } from './proof-maker.ts'
import { checkpointMessage, storedMessage } from './wire-records.ts'

const PAGE_RECORDS = 200

export interface ExportPace {
  readonly signal: AbortSignal
  /** Between two pages: other work gets its turn. */
  readonly nextTurn: () => Promise<void>
  readonly keys: KeyVault | undefined
}

/**
 * Matching entries in the order of the log, each with its proof; before them the checkpoint that signs them. Up to the last
 * checkpoint: what nobody has signed yet is not evidence.
 */
export async function* exportEntries(
  reader: LogSource,
  request: ExportEntriesRequest,
  pace: ExportPace,
): AsyncIterable<MessageInitShape<typeof ExportEntriesResponseSchema>> {
  const isWanted = filterOf(request)
  const proofs = new ProofMaker(reader)
  const signed = await reader.lastCheckpoint()
  const last = Math.min(Number(request.toSequence) || Number.MAX_SAFE_INTEGER, signed?.sequence ?? 0)
  let after = Math.max(Number(request.afterSequence), (await reader.firstSequenceOf(Number(request.sinceUs))) - 1)
  let named = 0
  while (after < last && !pace.signal.aborted) {
    const page = await reader.page(after, last, PAGE_RECORDS)
    for (const { sequence, record } of page) {
      const fields = scanRecord(record)
      const stored = fields !== undefined && isWanted(fields) ? await reader.stored(sequence) : undefined
      if (stored === undefined) continue
      const { checkpoint, proof } = await proofs.prove(sequence)
      if (checkpoint.sequence !== named) yield { part: { case: 'checkpoint', value: checkpointMessage(checkpoint) } }
      named = checkpoint.sequence
      const path = proof === undefined ? {} : { proof: { index: BigInt(proof.index), size: BigInt(proof.size), path: [...proof.path] } }
      const opened = await openBody(stored.record, pace.keys)
      const facts = { checkpointSequence: BigInt(named), messageKey: opened.messageKey }
      yield { part: { case: 'record', value: { record: storedMessage(stored, opened), ...path, ...facts } } }
    }
    after = page.at(-1)?.sequence ?? last
    await pace.nextTurn()
  }
  if (signed === undefined || pace.signal.aborted) return
  if (signed.sequence !== named) yield { part: { case: 'checkpoint', value: checkpointMessage(signed) } }
  yield { part: { case: 'end', value: { headSequence: BigInt(signed.sequence), headHash: signed.hash } } }
}

function filterOf(request: ExportEntriesRequest): (fields: RecordFields) => boolean {
  const domain = request.domain.toLowerCase()
  const user = request.user === '' ? '' : searchAddress(request.user)
  const since = Number(request.sinceUs)
  const until = Number(request.untilUs) || Number.POSITIVE_INFINITY
  return (fields) => {
    if (fields.type !== RECORD_TYPE.entry || fields.atUs < since || fields.atUs >= until) return false
    if (request.conversation !== '' && fields.conversation !== request.conversation) return false
    const [from, to] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
    if (user !== '' && from !== user && to !== user) return false
    return domain === '' || searchDomain(from) === domain || searchDomain(to) === domain
  }
}
