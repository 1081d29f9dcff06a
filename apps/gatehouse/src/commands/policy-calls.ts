import type { MessageInitShape } from '@bufbuild/protobuf'
import {
  type ApplyRequestSchema,
  type ApplyResponse,
  type DiffRequestSchema,
  type DiffResponse,
  PolicyAdminService,
  type PolicyPieceSchema,
} from '@gatehouse/proto'
import type { CallOptions, RpcConnection } from '@gatehouse/rpc'
import type { Call } from '../cli/command.ts'
import { ProgressLine } from '../output/progress-line.ts'
import type { NamedText } from './policy-files.ts'

/** What is smaller goes in one message. */
const MAX_WHOLE_CHARS = 1_048_576
const PIECE_CHARS = 262_144
/** Reading and checking 100,000 entries takes seconds, on a busy machine many. */
const LARGE_TIMEOUT_MS = 600_000

type Unfiled<T> = Omit<T, 'files' | '$typeName' | '$unknown'>
type Piece = { readonly part: { readonly case: 'piece'; readonly value: MessageInitShape<typeof PolicyPieceSchema> } }

/** Applies files, in one message or as many as it takes. */
export async function applyPolicy(
  call: Call,
  connection: RpcConnection,
  order: Unfiled<MessageInitShape<typeof ApplyRequestSchema>>,
  files: readonly NamedText[],
): Promise<ApplyResponse> {
  const client = connection.client(PolicyAdminService)
  if (charsOf(files) <= MAX_WHOLE_CHARS) return await client.apply({ ...order, files: [...files] })
  const sent = sending(call, files, { part: { case: 'order' as const, value: order } })
  const { outcome } = await client.applyLarge(sent.parts, optionsOf(call)).finally(sent.end)
  return outcome as ApplyResponse
}

/** Compares files with what is in force, in one message or as many as it takes. */
export async function diffPolicyFiles(
  call: Call,
  connection: RpcConnection,
  order: Unfiled<MessageInitShape<typeof DiffRequestSchema>>,
  files: readonly NamedText[],
): Promise<DiffResponse> {
  const client = connection.client(PolicyAdminService)
  if (charsOf(files) <= MAX_WHOLE_CHARS) return await client.diff({ ...order, files: [...files] })
  const sent = sending(call, files, { part: { case: 'order' as const, value: order } })
  const { outcome } = await client.diffLarge(sent.parts, optionsOf(call)).finally(sent.end)
  return outcome as DiffResponse
}

/** The text of a revision, however large; 0n: of the one in force. */
export async function exportPolicyText(
  call: Call,
  connection: RpcConnection,
  wanted: bigint,
): Promise<{ readonly revision: bigint; readonly text: string }> {
  const line = new ProgressLine(call)
  const texts: string[] = []
  let revision = wanted
  try {
    for await (const part of connection.client(PolicyAdminService).exportLarge({ revision: wanted }, optionsOf(call))) {
      revision = part.revision
      texts.push(part.text)
      if (part.objectsDone < part.objects) line.show(`${part.objectsDone} of ${part.objects} objects`)
    }
  } finally {
    line.clear()
  }
  return { revision, text: texts.join('') }
}

/** The order and then the files, and how far that is: first what was sent, then that the gateway works on it. */
function sending<O>(
  call: Call,
  files: readonly NamedText[],
  order: O,
): { readonly parts: AsyncIterable<O | Piece>; readonly end: () => void } {
  const line = new ProgressLine(call)
  const total = charsOf(files)
  async function* parts(): AsyncGenerator<O | Piece> {
    yield order
    let chars = 0
    for (const [file, { name, text }] of files.entries()) {
      for (let at = 0; at === 0 || at < text.length; ) {
        const end = pieceEnd(text, at)
        yield { part: { case: 'piece', value: { file, name, text: text.slice(at, end) } } }
        chars += end - at
        at = Math.max(end, 1)
        line.show(`sent ${Math.floor((100 * chars) / total)} % of ${Math.ceil(total / 1_048_576)} MiB`)
      }
    }
    line.show('sent; the gateway reads and checks')
  }
  return { parts: parts(), end: () => line.clear() }
}

/** Never between the halves of a character: each piece is encoded by itself. */
function pieceEnd(text: string, start: number): number {
  const end = Math.min(text.length, start + PIECE_CHARS)
  const isHalf = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800
  return isHalf ? end - 1 : end
}

function charsOf(files: readonly NamedText[]): number {
  return files.reduce((sum, { text }) => sum + text.length, 0)
}

function optionsOf(call: Call): CallOptions {
  return call.text('timeout') === undefined ? { deadlineMs: LARGE_TIMEOUT_MS } : {}
}
