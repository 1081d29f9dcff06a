import { fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema } from '@gatehouse/proto'

/** Whether the body of an entry holds a text, upper and lower case alike; an empty text is in every body. */
export function bodyHasText(record: Uint8Array, text: string): boolean {
  if (text === '') return true
  const { content } = fromBinary(ArchiveRecordSchema, record)
  if (content.case !== 'entry') return false
  const body = new TextDecoder().decode(content.value.envelope?.body)
  return body.toLowerCase().includes(text.toLowerCase())
}
