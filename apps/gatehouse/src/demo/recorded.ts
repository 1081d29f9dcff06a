import { fromBinary } from '@bufbuild/protobuf'
import { errorsOf } from '@gatehouse/errors'
import type { Decision, Envelope } from '@gatehouse/proto'
import { ArchiveRecordSchema, ArchiveService } from '@gatehouse/proto'
import { cliCodes } from '../errors.ts'
import type { Organisation } from './organisation.ts'

const cliError = errorsOf(cliCodes)

export interface Recorded {
  readonly envelope: Envelope
  readonly decision: Decision
}

/** How long the record of a refused message may come after its answer: refusals are not held back for the archive. */
const PATIENCE_MS = 2_000

/** The newest entry of an organisation's archive between two people that was received after `sinceUs`. */
export async function newestRecord(organisation: Organisation, from: string, to: string, sinceUs: bigint): Promise<Recorded> {
  const deadlineMs = performance.now() + PATIENCE_MS
  for (;;) {
    const found = await lookUp(organisation, from, to, sinceUs)
    if (found !== undefined) return found
    if (performance.now() > deadlineMs) throw cliError('GH-CLI-DEMO-ACT', `${organisation.name} has no record of ${from} to ${to}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function lookUp(organisation: Organisation, from: string, to: string, sinceUs: bigint): Promise<Recorded | undefined> {
  const query = { fromAddress: from, toAddress: to, sinceUs, limit: 5, reason: 'demo' }
  for await (const { record } of organisation.connection.client(ArchiveService).search(query)) {
    const { content } = fromBinary(ArchiveRecordSchema, record?.record ?? new Uint8Array())
    const { envelope, decision } = content.case === 'entry' ? content.value : {}
    if (envelope !== undefined && decision !== undefined) return { envelope, decision }
  }
  return undefined
}
