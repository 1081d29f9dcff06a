import type { PolicyPiece } from '@gatehouse/proto'
import type { OrderFile } from '../apply/orders.ts'
import { policyError } from '../errors.ts'

/** 100,000 entries are about 20 million; the reader takes 48 million in one file. */
const MAX_CHARS = 64 * 1_048_576

/** An order whose files come in pieces behind it. */
interface Part<O> {
  readonly part:
    | { readonly case: 'order'; readonly value: O }
    | { readonly case: 'piece'; readonly value: PolicyPiece }
    | { readonly case: undefined }
}

export interface Received<O> {
  readonly order: O
  readonly files: readonly OrderFile[]
}

/**
 * Takes in an order and its files. `check` sees the order before anything else is read. Pieces stay pieces: nothing here takes longer
 * for a larger file. Rejects with GH-REVISION-FILES when the pieces make no sense, GH-REVISION-SIZE when they are too many.
 */
export async function receiveFiles<O>(parts: AsyncIterable<Part<O>>, check: (order: O) => void): Promise<Received<O>> {
  let order: { readonly value: O } | undefined
  const files: { readonly name: string; readonly text: string[] }[] = []
  let chars = 0
  for await (const { part } of parts) {
    if (part.case === 'order' && order === undefined) {
      check(part.value)
      order = part
      continue
    }
    if (part.case !== 'piece' || order === undefined) throw policyError('GH-REVISION-FILES', 'First comes the order, then pieces of files.')
    const { file, name, text } = part.value
    if (file === files.length) files.push({ name, text: [] })
    else if (file !== files.length - 1) throw policyError('GH-REVISION-FILES', `A piece of file ${file} came out of turn.`)
    files.at(-1)?.text.push(text)
    chars += text.length
    if (chars > MAX_CHARS) throw policyError('GH-REVISION-SIZE', `They have more than ${MAX_CHARS} characters.`)
  }
  if (order === undefined) throw policyError('GH-REVISION-FILES')
  return { order: order.value, files }
}
