import { closestName, explainIssue, type Finding, offsetOf } from '@gatehouse/config'
import { messageOf } from '@gatehouse/errors'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { Composer, type Document, isMap, isNode, LineCounter, Parser } from 'yaml'
import type { DocumentCode } from './errors.ts'
import { documentCodeOf } from './finding-code.ts'
import { API_VERSION, objectSchemas, type WrittenObject } from './object-schema.ts'
import { policyKindNames } from './policy-kinds.ts'
import type { DocumentFile, DocumentProblem, PlacedObject } from './problem.ts'
import { readPlain } from './read-plain.ts'

/** 100,000 block entries are about 20 MB; twice that is a mistake. */
const MAX_FILE_CHARS = 48 * 1_048_576
/** A partner with 10,000 domains has half a megabyte. */
const MAX_DOCUMENT_CHARS = 4 * 1_048_576
/** Objects are three maps deep; more is a generator gone wrong, or an attack on the stack. */
const MAX_DEPTH = 16
/** Anchors are handy, exponential expansion is not. */
const MAX_ALIASES = 100
/** Beyond this many, more mistakes help nobody. */
const MAX_PROBLEMS = 200

export interface ReadResult {
  readonly objects: readonly PlacedObject[]
  readonly problems: readonly DocumentProblem[]
}

/** Reads the objects of one file, and everything that is wrong with each of them alone. Never throws on what the file holds. */
export function readDocuments(file: DocumentFile): ReadResult {
  const reader = new FileReader(file)
  reader.read()
  return reader
}

class FileReader implements ReadResult {
  readonly objects: PlacedObject[] = []
  readonly problems: DocumentProblem[] = []
  readonly #file: DocumentFile
  readonly #lines = new LineCounter()
  /** Where the document at work begins in the file. */
  #start = 0

  constructor(file: DocumentFile) {
    this.#file = file
  }

  read(): void {
    const { text } = this.#file
    if (text.length > MAX_FILE_CHARS) {
      this.#add(0, 'GH-DOCUMENT-SIZE', `larger than ${MAX_FILE_CHARS} characters`)
      return
    }
    const tooDeep = offsetTooDeep(text)
    if (tooDeep !== undefined) {
      this.#add(tooDeep, 'GH-DOCUMENT-SIZE', `nested deeper than ${MAX_DEPTH} levels`)
      return
    }
    this.#countLines(text)
    for (let start = 0; start < text.length && this.problems.length < MAX_PROBLEMS; ) {
      const end = nextMarker(text, start)
      this.#readOne(start, text.slice(start, end))
      start = end
    }
    this.problems.sort((left, right) => left.line - right.line || left.column - right.column)
  }

  #countLines(text: string): void {
    this.#lines.addNewLine(0)
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.addNewLine(at + 1)
  }

  /** One document at a time: the trees of 100,000 at once would take gigabytes, and the parser's time grows faster than the text. */
  #readOne(start: number, text: string): void {
    this.#start = start
    if (text.length > MAX_DOCUMENT_CHARS) {
      this.#add(0, 'GH-DOCUMENT-SIZE', `one object of more than ${MAX_DOCUMENT_CHARS} characters`)
      return
    }
    if (this.#takePlain(text)) return
    const composer = new Composer({ uniqueKeys: true, merge: false, version: '1.2' })
    try {
      for (const token of new Parser().parse(text)) for (const document of composer.next(token)) this.#take(document)
      for (const document of composer.end(false, text.length)) this.#take(document)
    } catch (error) {
      this.#add(0, error instanceof RangeError ? 'GH-DOCUMENT-SIZE' : 'GH-DOCUMENT-SYNTAX', messageOf(error))
    }
  }

  /** What is plain and right is done here; everything else is looked at by the library, which knows where a mistake stands. */
  #takePlain(text: string): boolean {
    const plain = readPlain(text)
    const kind = plain?.value['kind']
    const result = typeof kind === 'string' ? objectSchemas.get(kind)?.schema.safeParse(plain?.value) : undefined
    if (plain === undefined || result?.success !== true) return false
    this.#addObject(result.data, plain.offset)
    return true
  }

  #addObject({ kind, metadata, spec }: WrittenObject, offset: number): void {
    this.objects.push({ object: { kind, name: metadata.name, spec } as PolicyObject, place: this.#place(offset) })
  }

  #take(document: Document.Parsed): void {
    if (this.problems.length >= MAX_PROBLEMS) return
    for (const error of document.errors) {
      const code = error.code === 'DUPLICATE_KEY' ? 'GH-DOCUMENT-DUPLICATE-KEY' : 'GH-DOCUMENT-SYNTAX'
      this.#add(error.pos[0], code, error.message.split('\n')[0] ?? '')
    }
    if (document.errors.length > 0 || document.contents === null) return
    let value: unknown
    try {
      value = document.toJS({ maxAliasCount: MAX_ALIASES })
    } catch (error) {
      this.#add(offsetOfContents(document), 'GH-DOCUMENT-SIZE', messageOf(error))
      return
    }
    if (value !== null) this.#validate(document, value)
  }

  #validate(document: Document.Parsed, value: unknown): void {
    const start = offsetOfContents(document)
    if (!isMap(document.contents) || typeof value !== 'object' || value === null) {
      this.#add(start, 'GH-DOCUMENT-TYPE', 'write an object with apiVersion, kind, metadata and spec')
      return
    }
    const kind = (value as { readonly kind?: unknown }).kind
    const known = typeof kind === 'string' ? objectSchemas.get(kind) : undefined
    if (known === undefined) {
      this.#addKind(document, kind)
      return
    }
    // a spec whose every key has a default may be left empty
    if ((value as { readonly spec?: unknown }).spec === null) (value as { spec: unknown }).spec = {}
    const result = known.schema.safeParse(value)
    if (!result.success) {
      for (const issue of result.error.issues) {
        for (const finding of explainIssue(issue, [], known.json, value)) this.#addFinding(document, finding)
      }
      return
    }
    this.#addObject(result.data, start)
  }

  #addKind(document: Document.Parsed, kind: unknown): void {
    const offset = offsetOf(document, { code: 'GH-CONFIG-VALUE', path: ['kind'], isAboutKey: false, message: '' })
    if (kind === undefined || kind === null) {
      this.#add(offset, 'GH-DOCUMENT-MISSING', `'kind' is missing; known kinds: ${policyKindNames.join(', ')}`)
      return
    }
    const typed = (typeof kind === 'string' ? kind : JSON.stringify(kind)).slice(0, 60)
    const near = closestName(typed, policyKindNames)
    const hint = near === undefined ? `known kinds: ${policyKindNames.join(', ')}` : `did you mean '${near}'?`
    this.#add(offset, 'GH-DOCUMENT-KIND', `unknown kind '${typed}'; ${hint}`)
  }

  #addFinding(document: Document.Parsed, finding: Finding): void {
    const isVersion = finding.path.length === 1 && finding.path[0] === 'apiVersion' && finding.code === 'GH-CONFIG-VALUE'
    const code = isVersion ? 'GH-DOCUMENT-VERSION' : documentCodeOf(finding)
    this.#add(offsetOf(document, finding), code, isVersion ? `write 'apiVersion: ${API_VERSION}'` : finding.message)
  }

  #add(offset: number, code: DocumentCode, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ ...this.#place(offset), severity: 'error', code, message })
  }

  #place(offset: number): { file: string; line: number; column: number } {
    const { line, col } = this.#lines.linePos(this.#start + offset)
    return { file: this.#file.name, line: Math.max(1, line), column: Math.max(1, col) }
  }
}

function offsetOfContents(document: Document.Parsed): number {
  return isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0
}

/** Where the next document begins: `---` at the start of a line is a marker wherever it stands (YAML 1.2 §9.1.2, c-forbidden). */
function nextMarker(text: string, from: number): number {
  for (let at = text.indexOf('\n---', from); at >= 0; at = text.indexOf('\n---', at + 1)) {
    if (at + 4 >= text.length || isBlank(text.charCodeAt(at + 4))) return at + 1
  }
  return text.length
}

/**
 * Where the text nests deeper than any policy, or undefined. Counted before the composer recurses over it: flow brackets outside
 * comments, and `- - -` on one line. Depth by indentation costs its author quadratic text; the size limit ends that.
 */
function offsetTooDeep(text: string): number | undefined {
  let flow = 0
  let dashes = 0
  let isLineStart = true
  let isComment = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a) {
      isLineStart = true
      isComment = false
      dashes = 0
      // a new document ends whatever quoted text seemed to open
      if (text.startsWith('---', at + 1)) flow = 0
      continue
    }
    if (isComment) continue
    if (code === 0x23 && (at === 0 || isBlank(text.charCodeAt(at - 1)))) isComment = true
    else if (isLineStart && code === 0x2d && isBlank(text.charCodeAt(at + 1))) dashes += 1
    else if (!isBlank(code)) isLineStart = false
    if (code === 0x5b || code === 0x7b) flow += 1
    else if ((code === 0x5d || code === 0x7d) && flow > 0) flow -= 1
    if (flow > MAX_DEPTH || dashes > MAX_DEPTH) return at
  }
  return undefined
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}
