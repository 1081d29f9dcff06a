import { fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import type { OpenedBody } from '../seal/body-reader.ts'

/** Whether the body of an entry holds a text, upper and lower case alike; an empty text is in every body. */
export function bodyHasText(record: Uint8Array, text: string, opened: OpenedBody): boolean {
  if (text === '') return true
  const { content } = fromBinary(ArchiveRecordSchema, record)
  if (content.case !== 'entry') return false
  const bytes = opened.body.length > 0 ? opened.body : content.value.envelope?.body
  const body = new TextDecoder().decode(bytes)
  return body.toLowerCase().includes(text.toLowerCase())
}
