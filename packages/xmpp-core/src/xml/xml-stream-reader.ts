import { SaxesParser, type SaxesTagNS } from 'saxes'
import type { StreamCondition } from '../stream/stream-condition.ts'
import { ElementBuilder } from './element-builder.ts'
import { ns } from './namespaces.ts'
import { DEFAULT_XML_LIMITS, type XmlLimits, type XmlStreamEvent } from './stream-event.ts'
import { Utf8Gate } from './utf8-gate.ts'

type Parser = SaxesParser<{ xmlns: true }>

/** Thrown through the parser, which has no way to be stopped in the middle of a chunk; never leaves this file. */
class Stop extends Error {
  readonly condition: StreamCondition

  constructor(condition: StreamCondition, detail: string) {
    super(detail)
    this.condition = condition
  }
}

/** Text is parsed in pieces of this size, so that a huge chunk is looked at no further than its first fault. */
const PIECE_CHARS = 65_536

interface Found {
  readonly event: XmlStreamEvent
  /** Position in the text of the present document behind the last character of the event. */
  readonly end: number
}

/**
 * The XML of one stream (RFC 6120 §4, §11): bytes in; header, whole first-level elements, end or one defect out. Resumable at every byte and
 * bounded. After a restart of the stream (`restart`) what was received behind the last event taken is read as a new document.
 * Take all events after each `handleData`.
 */
export class XmlStreamReader {
  #limits: XmlLimits
  readonly #utf8 = new Utf8Gate()
  #parser: Parser
  #builder: ElementBuilder
  #found: Found[] = []
  #contentNs = ''
  /** Characters given to the parser; it may hold the last one back (a CR), so its own position is not the same. */
  #fedChars = 0
  /** Text given to the parser since `#textStart`, while events of it may still be taken. */
  #text = ''
  #textStart = 0
  /** Where the present stanza (or header) began. */
  #unitStart = 0
  /** Nothing but white space since the last event: keep-alives are not collected. */
  #isBetween = false
  #isOver = false
  #takenEnd = 0

  constructor(limits: XmlLimits = DEFAULT_XML_LIMITS) {
    this.#limits = limits
    this.#builder = new ElementBuilder(limits, stop)
    this.#parser = this.#makeParser()
  }

  /** True within a stanza or header that is not complete. */
  get isMidUnit(): boolean {
    return !this.#isOver && !this.#isBetween && this.#fedChars > this.#unitStart
  }

  /** Other bounds from the next stanza on: after authentication a peer may send larger ones. */
  setLimits(limits: XmlLimits): void {
    this.#limits = limits
    this.#builder.setLimits(limits)
  }

  handleData(chunk: Uint8Array): void {
    if (this.#isOver) return
    const { text, isBroken } = this.#utf8.decode(chunk)
    this.#read(text)
    // RFC 6120 §4.9.3.22, §11.6.
    if (isBroken && !this.#isOver) this.#end('unsupported-encoding', 'bytes that are no UTF-8')
  }

  takeEvent(): XmlStreamEvent | undefined {
    const found = this.#found.shift()
    if (found === undefined) {
      // Nothing can be read again any more: what was parsed need not be kept.
      this.#text = ''
      this.#textStart = this.#fedChars
      return undefined
    }
    this.#takenEnd = found.end
    return found.event
  }

  /** RFC 6120 §4.3.3: a new stream on the same connection begins behind the event taken last. */
  restart(): void {
    const rest = this.#text.slice(Math.max(0, this.#takenEnd - this.#textStart))
    this.#reset()
    this.#read(rest)
  }

  /** The same, and what came before the secure channel is forgotten: it may have been put there by somebody else. */
  restartClean(): void {
    this.#reset()
  }

  #reset(): void {
    this.#builder = new ElementBuilder(this.#limits, stop)
    this.#parser = this.#makeParser()
    this.#found = []
    this.#text = ''
    this.#fedChars = 0
    this.#textStart = 0
    this.#unitStart = 0
    this.#takenEnd = 0
    this.#isBetween = false
    this.#isOver = false
  }

  #read(text: string): void {
    for (let from = 0; from < text.length && !this.#isOver; from += PIECE_CHARS) {
      this.#readPiece(text.length <= PIECE_CHARS ? text : text.slice(from, from + PIECE_CHARS))
    }
  }

  #readPiece(piece: string): void {
    const text = this.#isBetween ? piece.trimStart() : piece
    if (text === '') return
    if (this.#isBetween) this.#unitStart = this.#fedChars
    this.#isBetween = false
    this.#text += text
    this.#fedChars += text.length
    try {
      this.#parser.write(text)
      // Lets go of the chunk: the parser would hold it until the next one.
      this.#parser.write('')
    } catch (thrown) {
      if (!(thrown instanceof Stop)) throw thrown
      if (this.#isTooLong()) this.#end('policy-violation', 'stanza too large')
      else this.#end(thrown.condition, thrown.message)
      return
    }
    if (this.#isOver) return
    if (this.#isTooLong()) this.#end('policy-violation', 'stanza too large')
    else this.#isBetween = this.#builder.depth === 1 && this.#text.slice(this.#unitStart - this.#textStart).trim() === ''
  }

  #isTooLong(): boolean {
    return this.#parser.position - this.#unitStart > this.#limits.maxStanzaChars
  }

  #push(event: XmlStreamEvent): void {
    const end = this.#parser.position
    this.#found.push({ event, end })
    this.#unitStart = end
  }

  #end(condition: StreamCondition, detail: string): void {
    // Behind the end of the stream anything may come.
    if (this.#isOver) return
    this.#push({ kind: 'defect', condition, detail })
    this.#isOver = true
  }

  #makeParser(): Parser {
    // XML 1.1 allows characters that 1.0 does not: a stream cannot choose it (RFC 6120 §11.4).
    const parser: Parser = new SaxesParser({ xmlns: true, position: true, defaultXMLVersion: '1.0', forceXMLVersion: true })
    const builder = this.#builder
    parser.on('error', (error) => stop(conditionOf(error.message), error.message))
    // RFC 6120 §11.1.
    parser.on('doctype', () => stop('restricted-xml', 'a document type'))
    parser.on('comment', () => stop('restricted-xml', 'a comment'))
    parser.on('processinginstruction', () => stop('restricted-xml', 'a processing instruction'))
    parser.on('xmldecl', ({ encoding }) => {
      if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8') stop('unsupported-encoding', `encoding ${encoding.slice(0, 40)}`)
    })
    parser.on('opentag', (tag) => this.#onOpen(tag))
    parser.on('closetag', () => this.#onClose())
    const onText = (text: string): void => {
      if (!this.#isOver) builder.text(text)
    }
    parser.on('text', onText)
    parser.on('cdata', onText)
    return parser
  }

  #onOpen(tag: SaxesTagNS): void {
    if (this.#builder.depth > 0) {
      // It would never end: whoever restarts a stream at the wrong time is told at once.
      if (this.#builder.depth === 1 && tag.uri === ns.streams && tag.local === 'stream') {
        stop('unsupported-stanza-type', 'a stream within the stream')
      }
      this.#builder.open(tag, this.#contentNs)
      return
    }
    // RFC 6120 §4.8.1, §4.9.3.2.
    if (tag.uri !== ns.streams || tag.local !== 'stream') {
      stop(tag.local === 'stream' ? 'invalid-namespace' : 'bad-format', `root element ${tag.local.slice(0, 40)}`)
    }
    this.#contentNs = tag.ns[''] ?? ''
    const header = this.#builder.openRoot(tag)
    this.#push({ kind: 'open', header, contentNs: this.#contentNs })
  }

  #onClose(): void {
    if (this.#isTooLong()) stop('policy-violation', 'stanza too large')
    const done = this.#builder.close()
    if (done !== undefined) this.#push({ kind: 'element', element: done })
    else if (this.#builder.depth === 0) {
      this.#push({ kind: 'close' })
      this.#isOver = true
    }
  }
}

function stop(condition: StreamCondition, detail: string): never {
  throw new Stop(condition, detail)
}

/** RFC 6120 §4.9.3.18 for what is forbidden though well-formed, §4.9.3.13 for the rest. */
function conditionOf(complaint: string): StreamCondition {
  if (/doctype|undefined entity|processing instruction|XML declaration/.test(complaint)) return 'restricted-xml'
  return /unbound namespace prefix/.test(complaint) ? 'bad-namespace-prefix' : 'not-well-formed'
}
