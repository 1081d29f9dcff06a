import { Buffer } from 'node:buffer'
import type { ExportEntriesResponse, ProvenRecord as ProvenRecordMessage } from '@gatehouse/proto'
import { type Checkpoint, checkpointLine } from '../chain/checkpoint.ts'
import { checkpointFromMessage } from '../serve/wire-records.ts'
import { type ProvenRecord, proofLine } from '../verify/proof-document.ts'
import { actianceXmlOf } from './actiance-xml.ts'
import { type Conversation, ConversationGrouper, participantsOf } from './conversation-grouper.ts'
import { emlOf } from './eml.ts'
import type { ExportFolder } from './export-folder.ts'
import { type ExportMessage, exportMessage, isoTime, readableBody } from './export-message.ts'
import { rsmfOf } from './rsmf.ts'

export const EXPORT_FORMATS = ['jsonl', 'eml', 'rsmf', 'actiance'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export interface ExportRunOptions {
  readonly format: ExportFormat
  /** What was asked for, as it goes into the manifest. */
  readonly question: Readonly<Record<string, string>>
  readonly nowMs: () => number
}

const CHUNK_RECORDS = 500
/** A pause that ends a conversation. */
export const CONVERSATION_IDLE_US = 3_600_000_000

/** Writes what the archive streams into a folder; begun again on the same folder it goes on where it stood. */
export class ExportRun {
  readonly #folder: ExportFolder
  readonly #options: ExportRunOptions
  readonly #grouper: ConversationGrouper
  readonly #closed: Map<string, number>
  readonly #checkpoints = new Map<number, Checkpoint>()
  #chunk: { readonly proven: ProvenRecord; readonly message: ExportMessage }[] = []
  #provenUpTo: number
  #reached: number
  #messages: number
  #notInFormat: number

  constructor(folder: ExportFolder, options: ExportRunOptions) {
    this.#folder = folder
    this.#options = options
    const stored = folder.progress()
    const progress = stored?.question === this.#questionText() ? stored : undefined
    this.#closed = new Map(progress?.closed ?? [])
    this.#provenUpTo = progress?.provenUpTo ?? 0
    this.#reached = progress?.resumeAfter ?? 0
    this.#messages = progress?.messages ?? 0
    this.#notInFormat = progress?.notInFormat ?? 0
    this.#grouper = new ConversationGrouper(CONVERSATION_IDLE_US, (conversation) => this.#writeConversation(conversation))
  }

  /** Ask the archive for what stands behind it. */
  get resumeAfter(): number {
    return this.#reached
  }

  get messages(): number {
    return this.#messages
  }

  /** The last part finishes the export. */
  take({ part }: ExportEntriesResponse): void {
    if (part.case === 'checkpoint') {
      const checkpoint = checkpointFromMessage(part.value)
      this.#checkpoints.set(checkpoint.sequence, checkpoint)
      this.#folder.write(`checkpoints/${padded(checkpoint.sequence)}.json`, Buffer.from(`${checkpointLine(checkpoint)}\n`))
      // Records come in order: those of earlier checkpoints are through, but may wait in the chunk.
      if (this.#checkpoints.size > 2) this.#flush()
    } else if (part.case === 'record') this.#takeRecord(part.value)
    else if (part.case === 'end') this.#finish(Number(part.value.headSequence), part.value.headHash)
  }

  #takeRecord(wire: ProvenRecordMessage): void {
    const checkpoint = this.#checkpoints.get(Number(wire.checkpointSequence))
    const message = wire.record === undefined ? undefined : exportMessage(wire.record)
    if (wire.record === undefined || message === undefined || checkpoint === undefined) return
    this.#reached = message.sequence
    if (message.sequence > this.#provenUpTo) {
      this.#messages++
      this.#chunk.push({ proven: provenOf(wire, checkpoint), message })
    }
    this.#writeMessage(message)
    if (this.#chunk.length >= CHUNK_RECORDS) this.#flush()
  }

  #writeMessage(message: ExportMessage): void {
    const { format } = this.#options
    if (format === 'eml')
      this.#folder.write(`messages/${isoTime(message.atUs).slice(0, 10)}/${padded(message.sequence)}.eml`, emlOf(message))
    if (format === 'eml' || format === 'jsonl') return
    if (!message.isMessage || (format === 'actiance' && message.verdict !== 'allow')) {
      // Sessions that open and close are no event of a conversation, and what was refused was never said in one.
      if (message.sequence > this.#provenUpTo) this.#notInFormat++
      return
    }
    if (message.sequence > (this.#closed.get(participantsOf(message).join(' ')) ?? 0)) this.#grouper.add(message)
  }

  #writeConversation(conversation: Conversation): void {
    const { id, messages, participants } = conversation
    const [name, content] = this.#options.format === 'rsmf' ? ['rsmf', rsmfOf(conversation)] : ['xml', actianceXmlOf(conversation)]
    this.#folder.write(`conversations/${isoTime(messages[0]!.atUs).slice(0, 10)}/${id}.${name}`, content as Buffer)
    this.#closed.set(participants.join(' '), messages.at(-1)!.sequence)
  }

  #flush(): void {
    const first = this.#chunk[0]
    if (first !== undefined) {
      const lines = this.#chunk.map(({ proven }) => `${proofLine(proven, false)}\n`)
      this.#folder.write(`proofs/${padded(first.message.sequence)}.jsonl`, Buffer.from(lines.join('')))
      if (this.#options.format === 'jsonl') {
        const readable = this.#chunk.map(({ message }) => `${JSON.stringify({ ...message, body: readableBody(message) })}\n`)
        this.#folder.write(`messages/${padded(first.message.sequence)}.jsonl`, Buffer.from(readable.join('')))
      }
      this.#provenUpTo = Math.max(this.#provenUpTo, this.#chunk.at(-1)!.message.sequence)
    }
    this.#chunk = []
    for (const sequence of [...this.#checkpoints.keys()].slice(0, -1)) this.#checkpoints.delete(sequence)
    const resumeAfter = (this.#grouper.firstOpenSequence() ?? this.#reached + 1) - 1
    for (const [participants, sequence] of this.#closed) if (sequence <= resumeAfter) this.#closed.delete(participants)
    this.#folder.mark({
      question: this.#questionText(),
      resumeAfter,
      provenUpTo: this.#provenUpTo,
      closed: [...this.#closed],
      messages: this.#messages,
      notInFormat: this.#notInFormat,
    })
  }

  #finish(headSequence: number, headHash: Uint8Array): void {
    this.#grouper.end()
    const head = this.#checkpoints.get(headSequence)
    this.#flush()
    this.#folder.finish({
      kind: 'gatehouse-archive-export/1',
      format: this.#options.format,
      question: this.#options.question,
      createdAt: new Date(this.#options.nowMs()).toISOString(),
      messages: this.#messages,
      notInFormat: this.#notInFormat,
      head: { sequence: headSequence, hash: Buffer.from(headHash).toString('hex') },
      ...(head === undefined ? {} : (JSON.parse(checkpointLine(head)) as object)),
    })
  }

  #questionText(): string {
    return JSON.stringify({ format: this.#options.format, ...this.#options.question })
  }
}

function provenOf({ record, proof, messageKey }: ProvenRecordMessage, checkpoint: Checkpoint): ProvenRecord {
  const { sequence, committedAtUs, hash, previousHash, record: bytes } = record!
  return {
    record: { sequence: Number(sequence), committedAtUs: Number(committedAtUs), hash, record: bytes },
    previousHash,
    proof: proof === undefined ? undefined : { index: Number(proof.index), size: Number(proof.size), path: proof.path },
    checkpoint,
    messageKey: messageKey.length === 0 ? undefined : messageKey,
  }
}

/** File names that sort like the sequences. */
const padded = (sequence: number): string => sequence.toString().padStart(12, '0')
