import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ObservedRequest, ObservedResponseSchema } from '@gatehouse/proto'
import { EntryReader } from '@gatehouse/receipt'
import type { RpcContext } from '@gatehouse/rpc'
import { policyError } from '../errors.ts'
import type { ReplayDeps } from './explain-archived.ts'

/** Combinations of object, code and partner; a policy with more observers than that is not read by anybody. */
const MAX_COUNTS = 10_000

interface Count {
  readonly object: string
  readonly code: string
  readonly partner: string
  messages: bigint
  exampleId: Uint8Array
  lastUs: bigint
}

/** What objects in mode observe would have refused, by object, code and partner, most first. Rejects with GH-REVISION-NO-ARCHIVE. */
export async function countObserved(
  { archive }: ReplayDeps,
  { sinceUs, untilUs }: ObservedRequest,
  context: RpcContext,
): Promise<MessageInitShape<typeof ObservedResponseSchema>> {
  const source = archive()
  if (source === undefined) throw policyError('GH-REVISION-NO-ARCHIVE')
  const reader = new EntryReader()
  const counts = new Map<string, Count>()
  let messages = 0n
  for await (const page of source.scan({ sinceUs, untilUs }, 'policy observed', context)) {
    for (const record of page.records ?? []) {
      const message = reader.read(record)
      if (message === undefined) continue
      messages++
      const { observed, partner } = message.recorded
      for (const { code, source: object } of observed) {
        const key = `${object} ${code} ${partner}`
        let count = counts.get(key)
        if (count === undefined) {
          if (counts.size >= MAX_COUNTS) continue
          count = { object, code, partner, messages: 0n, exampleId: message.id, lastUs: 0n }
          counts.set(key, count)
        }
        count.messages++
        count.exampleId = message.id
        count.lastUs = BigInt(Math.round(message.nowMs * 1000))
      }
    }
  }
  const sorted = [...counts.values()].sort((left, right) => Number(right.messages - left.messages))
  return { counts: sorted, messages }
}
