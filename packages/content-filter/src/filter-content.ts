import { Buffer } from 'node:buffer'
import type { MessageContent } from '@gatehouse/im-model'
import type { CompiledFilter } from './compile-filter.ts'
import { judgeFileOffer, listedExtension } from './file-offer.ts'
import { readHtml } from './html/read-html.ts'
import { MAX_DEPTH, MAX_PARTS, MAX_TEXT } from './limits.ts'
import { asUtf8, type ContentType, parameterOf, parseContentType, renderContentType } from './mime/content-type.ts'
import { decodeBytes, decodeText } from './mime/decode-text.ts'
import { encodePart, joinParts, type PartChange } from './mime/join-parts.ts'
import { type Part, partAt, splitParts } from './mime/split-parts.ts'
import { decodeBase64, decodeTransfer } from './mime/transfer-encoding.ts'
import type { FilterCause, FilterOutcome } from './outcome.ts'
import { readPlain } from './read-plain.ts'
import type { Reading } from './reading.ts'
import { readRtf } from './rtf/read-rtf.ts'
import { TextJudge } from './text-judge.ts'

const HTML: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml', 'application/xhtml-im+xml', 'text/enriched'])
const RTF: ReadonlySet<string> = new Set(['text/rtf', 'application/rtf', 'text/richtext'])
const WRAPPERS: ReadonlySet<string> = new Set(['message/cpim', 'message/rfc822', 'message/global'])
/** A name may stand in either of the two, in plain or extended form (RFC 2183, RFC 2231). */
const NAME_PARAMETER = /^(file)?name\*?(\d+\*?)?$/

const MULTIPART = 'multipart/'

/** Judges what a message carries. Never throws, whatever the bytes are; work is bounded by their number. */
export function filterContent(filter: CompiledFilter, content: MessageContent): FilterOutcome {
  const run = new FilterRun(filter)
  return run.judge(content)
}

interface Changed {
  readonly type: ContentType
  readonly body: Uint8Array
}

class FilterRun {
  readonly #filter: CompiledFilter
  readonly #judge: TextJudge
  #parts = 0
  #characters = 0
  #cause: FilterCause | undefined
  #detail = ''

  constructor(filter: CompiledFilter) {
    this.#filter = filter
    this.#judge = new TextJudge(filter)
  }

  judge(content: MessageContent): FilterOutcome {
    const encoding = content.contentEncoding ?? ''
    if (encoding !== '' && encoding !== 'identity') this.#block('unreadable', 'its body is compressed')
    const body = content.body.byteLength === 0 ? undefined : this.#inspect(parseContentType(content.contentType), content.body, 0)
    const textFormat = this.#cause === undefined && content.textFormat.length > 0 ? this.#inspectTextFormat(content.textFormat) : undefined
    const { steps, note } = this.#judge
    if (this.#cause !== undefined) return { verdict: 'block', cause: this.#cause, detail: this.#detail, content: undefined, steps }
    if (body === undefined && textFormat === undefined) {
      return { verdict: 'pass', cause: undefined, detail: note, content: undefined, steps }
    }
    const altered: MessageContent = {
      ...content,
      contentType: body === undefined ? content.contentType : renderContentType(body.type),
      body: body?.body ?? content.body,
      textFormat: textFormat === undefined ? content.textFormat : [textFormat],
    }
    return { verdict: 'alter', cause: undefined, detail: note, content: altered, steps }
  }

  #block(cause: FilterCause, detail: string): undefined {
    this.#cause ??= cause
    if (this.#detail === '') this.#detail = detail
    return undefined
  }

  /** The content as altered; undefined when it stays as it is, or when it is blocked. */
  #inspect(type: ContentType, body: Uint8Array, depth: number): Changed | undefined {
    const { essence } = type
    if (this.#cause !== undefined) return undefined
    if (type.isAmbiguous) return this.#block('unreadable', 'its content type can be read in two ways')
    if (essence.startsWith(MULTIPART)) return this.#inspectMultipart(type, body, depth)
    if (WRAPPERS.has(essence)) return this.#inspectWrapper(type, body, depth)
    if (essence === 'text/x-msmsgsinvite') return this.#inspectFileOffer(type, body)
    if (RTF.has(essence)) return this.#inspectText(type, readRtf, decodeBytes(body), 'latin1')
    if (!HTML.has(essence) && !essence.startsWith('text/') && essence !== '') return undefined
    if (essence.startsWith('text/xml')) return undefined
    const decoded = decodeText(body, parameterOf(type, 'charset'))
    if (decoded === undefined) return this.#block('unreadable', `nobody here knows the charset of the ${essence}`)
    const read = HTML.has(essence) ? readHtml : readPlain
    return this.#inspectText(decoded.isUtf8 ? type : asUtf8(type), read, decoded.text, 'utf8')
  }

  #inspectText(type: ContentType, read: (source: string) => Reading, source: string, encoding: 'utf8' | 'latin1'): Changed | undefined {
    this.#characters += source.length
    if (this.#characters > MAX_TEXT) return this.#block('unreadable', `it has more than ${MAX_TEXT} characters of text`)
    const answer = this.#judge.judge(source, read)
    if (answer === undefined) return undefined
    if (typeof answer !== 'string') return this.#block(answer.cause, `${answer.detail} in ${type.essence || 'text'}`)
    return { type, body: Buffer.from(answer, encoding) }
  }

  #inspectFileOffer(type: ContentType, body: Uint8Array): undefined {
    const decoded = decodeText(body, parameterOf(type, 'charset'))
    if (decoded === undefined) return this.#block('unreadable', 'nobody here knows the charset of the file offer')
    const reason = judgeFileOffer(decoded.text.slice(0, MAX_TEXT), this.#filter)
    return reason === undefined ? undefined : this.#block('file', reason)
  }

  #inspectMultipart(type: ContentType, body: Uint8Array, depth: number): Changed | undefined {
    if (depth >= MAX_DEPTH) return this.#block('unreadable', `it is nested deeper than ${MAX_DEPTH} levels`)
    const bytes = asBuffer(body)
    const boundary = parameterOf(type, 'boundary') ?? ''
    const parts = boundary === '' || boundary.length > 200 ? undefined : splitParts(bytes, boundary, MAX_PARTS + 1)
    if (parts === undefined) return this.#block('unreadable', 'its parts cannot be told apart')
    this.#parts += parts.length
    if (this.#parts > MAX_PARTS) return this.#block('unreadable', `it has more than ${MAX_PARTS} parts`)
    const changes: PartChange[] = []
    for (const part of parts) {
      const change = this.#inspectPart(bytes, part, depth)
      if (change !== undefined) changes.push(change)
    }
    return changes.length === 0 ? undefined : { type, body: joinParts(bytes, changes) }
  }

  /** message/cpim: headers of its own, then a part (RFC 3862 §2). Mail: just a part. */
  #inspectWrapper(type: ContentType, body: Uint8Array, depth: number): Changed | undefined {
    if (depth >= MAX_DEPTH) return this.#block('unreadable', `it is nested deeper than ${MAX_DEPTH} levels`)
    const bytes = asBuffer(body)
    let part = partAt(bytes, 0, bytes.length)
    if (!part.headers.has('content-type') && type.essence === 'message/cpim') part = partAt(bytes, part.bodyStart, part.end)
    const change = this.#inspectPart(bytes, part, depth)
    return change === undefined ? undefined : { type, body: joinParts(bytes, [change]) }
  }

  #inspectPart(bytes: Buffer, part: Part, depth: number): PartChange | undefined {
    const { headers } = part
    const type = parseContentType(headers.get('content-type') ?? 'text/plain')
    const disposition = parseContentType(headers.get('content-disposition') ?? '')
    for (const { name, value } of [...type.parameters, ...disposition.parameters]) {
      if (NAME_PARAMETER.test(name)) this.#judgeName(value)
    }
    if (headers.has('content-encoding')) return this.#block('unreadable', 'a part is compressed')
    const content = decodeTransfer(bytes.subarray(part.bodyStart, part.end), headers.get('content-transfer-encoding') ?? '')
    if (content === undefined) return this.#block('unreadable', 'a part is not encoded as it says')
    const changed = content.byteLength === 0 ? undefined : this.#inspect(type, content, depth + 1)
    return changed === undefined ? undefined : encodePart(bytes, part, renderContentType(changed.type), changed.body)
  }

  #judgeName(name: string): void {
    const { fileAction, fileExtensions } = this.#filter
    if (fileAction === 'off') return
    if (fileAction === 'blockAll') return this.#block('file', 'every file is blocked')
    const extension = listedExtension(name, fileExtensions)
    if (extension !== '') this.#block('file', `an attached file has the extension .${extension}`)
  }

  /** The first message of a session, base64 in a header (lcs-edge §12.1); gives the header's new value. */
  #inspectTextFormat(values: readonly string[]): string | undefined {
    if (values.length > 1) return this.#block('unreadable', 'it has more than one ms-text-format')
    const type = parseContentType(values[0] as string)
    const bodies = type.parameters.filter((parameter) => parameter.name === 'ms-body')
    if (type.isAmbiguous) return this.#block('unreadable', 'its ms-text-format can be read in two ways')
    const [encoded] = bodies
    if (encoded === undefined) return undefined
    const body = decodeBase64(encoded.value)
    if (body === undefined) return this.#block('unreadable', 'the ms-body of its ms-text-format is not base64')
    const changed = body.byteLength === 0 ? undefined : this.#inspect(type, body, 0)
    if (changed === undefined) return undefined
    const text = asBuffer(changed.body).toString('base64')
    const parameters = changed.type.parameters.map((each) => (each.name === 'ms-body' ? { ...each, raw: `ms-body=${text}` } : each))
    return renderContentType({ ...changed.type, parameters })
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
