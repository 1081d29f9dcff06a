import { type AppendResult, encodeAppendReply, encodeRefusals } from '../append/append-reply.ts'
import { splitAppendRequest } from '../append/append-request.ts'
import { signCheckpoint } from '../chain/checkpoint.ts'
import type { SigningKey } from '../chain/signing-key.ts'
import { LogWriter, type LogWriterOptions } from '../store/log-writer.ts'
import { codeOfThrown } from '../store/sqlite-code.ts'
import { copyCheckpoint } from './checkpoint-file.ts'

export interface CheckpointRules {
  readonly everyRecords: number
  readonly everyMs: number
  /** A second place for checkpoints, which whoever alters the database does not reach; JSON lines. */
  readonly file: string | undefined
}

export interface CommitEngineOptions extends LogWriterOptions {
  readonly checkpoints: CheckpointRules
  readonly key: SigningKey
  /** Microseconds since the epoch. */
  readonly nowUs: () => number
}

/** How the engine stands; sent to the main thread after each commit. */
export interface EngineState {
  readonly isAccepting: boolean
  /** Empty while accepting. */
  readonly code: string
  readonly detail: string
  readonly sequence: number
  readonly hash: Uint8Array
  readonly lastCommitUs: number
  readonly checkpointSequence: number
  /** Why the second checkpoint file could not be written; empty when it could. */
  readonly checkpointTrouble: string
  /** Since the start. */
  readonly commits: number
  readonly records: number
  readonly refused: number
}

const NOT_OPEN = { code: 'GH-ARCHIVE-STOPPING', detail: 'not opened yet' }

/**
 * Turns waiting batches into one transaction and answers each. After a failed commit it takes nothing until `recover` has
 * opened the log anew and written to it: what is not certainly on the disk is never built upon.
 */
export class CommitEngine {
  readonly #options: CommitEngineOptions
  #writer: LogWriter | undefined
  #trouble: { readonly code: string; readonly detail: string } | undefined = NOT_OPEN
  #last = { sequence: 0, hash: new Uint8Array() as Uint8Array, lastCommitUs: 0 }
  #checkpointSequence = 0
  #checkpointAtUs = 0
  #checkpointTrouble = ''
  #commits = 0
  #records = 0
  #refused = 0

  constructor(options: CommitEngineOptions) {
    this.#options = options
    this.#checkpointAtUs = options.nowUs()
  }

  get isAccepting(): boolean {
    return this.#trouble === undefined
  }

  state(): EngineState {
    return {
      isAccepting: this.#trouble === undefined,
      code: this.#trouble?.code ?? '',
      detail: this.#trouble?.detail ?? '',
      ...this.#last,
      checkpointSequence: this.#checkpointSequence,
      checkpointTrouble: this.#checkpointTrouble,
      commits: this.#commits,
      records: this.#records,
      refused: this.#refused,
    }
  }

  /** Opens the log, or opens it anew after a failure; true when it accepts now. */
  recover(): boolean {
    try {
      this.#close()
      const writer = new LogWriter(this.#options)
      this.#writer = writer
      writer.probe(this.#options.nowUs())
      this.#checkpointSequence = writer.lastCheckpointSequence()
      this.#noteHead(writer)
      this.#trouble = undefined
    } catch (thrown) {
      this.#fail(thrown)
    }
    return this.#trouble === undefined
  }

  /** Answers each encoded `AppendRequest` with an encoded `AppendReply`, in order. Never throws. */
  commit(requests: readonly Uint8Array[]): Uint8Array[] {
    const batches = requests.map((request) => splitAppendRequest(request) ?? [])
    const writer = this.#writer
    if (this.#trouble === undefined && writer !== undefined) {
      try {
        const results = writer.append(batches.flat(), this.#options.nowUs())
        this.#noteHead(writer)
        this.#commits++
        this.#count(results)
        const replies = replyEach(batches, results)
        if (writer.head.sequence - this.#checkpointSequence >= this.#options.checkpoints.everyRecords) this.checkpoint()
        return replies
      } catch (thrown) {
        this.#fail(thrown)
      }
    }
    const code = this.#trouble?.code ?? NOT_OPEN.code
    for (const batch of batches) this.#refused += batch.length
    return batches.map((batch) => encodeRefusals(batch.length, code))
  }

  /** Called when there is time: signs a checkpoint when the last one is old enough. */
  tick(): void {
    this.index()
    if (this.#options.nowUs() - this.#checkpointAtUs >= this.#options.checkpoints.everyMs * 1000) this.checkpoint()
  }

  /** After commits were answered: hands over to the index what has filled a part of it. */
  index(): void {
    const writer = this.#writer
    if (this.#trouble !== undefined || writer === undefined) return
    try {
      writer.index()
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** Signs the head, unless it is signed already. */
  checkpoint(): void {
    const writer = this.#writer
    if (this.#trouble !== undefined || writer === undefined || writer.head.sequence === this.#checkpointSequence) return
    const { key, nowUs } = this.#options
    const checkpoint = signCheckpoint(writer.head.sequence, writer.head.hash, nowUs(), key.privateKey, key.keyId, writer.tree())
    try {
      writer.addCheckpoint(checkpoint)
    } catch (thrown) {
      this.#fail(thrown)
      return
    }
    this.#checkpointSequence = checkpoint.sequence
    this.#checkpointAtUs = checkpoint.signedAtUs
    this.#checkpointTrouble = copyCheckpoint(checkpoint, this.#options.checkpoints.file)
  }

  /** Signs what is not signed yet and closes the log. */
  stop(): void {
    this.index()
    this.checkpoint()
    this.#close()
    this.#trouble = { code: 'GH-ARCHIVE-STOPPING', detail: 'stopped' }
  }

  #noteHead(writer: LogWriter): void {
    this.#last = { sequence: writer.head.sequence, hash: writer.head.hash, lastCommitUs: writer.head.committedAtUs }
  }

  #count(results: readonly AppendResult[]): void {
    for (const result of results) {
      if (result.refusal === '') this.#records++
      else this.#refused++
    }
  }

  #fail(thrown: unknown): void {
    this.#trouble = codeOfThrown(thrown)
  }

  #close(): void {
    const writer = this.#writer
    this.#writer = undefined
    try {
      writer?.close()
    } catch (thrown) {
      this.#fail(thrown)
    }
  }
}

function replyEach(batches: readonly (readonly Uint8Array[])[], results: readonly AppendResult[]): Uint8Array[] {
  if (batches.length === 1) return [encodeAppendReply(results)]
  let at = 0
  return batches.map((batch) => {
    const reply = encodeAppendReply(results.slice(at, at + batch.length))
    at += batch.length
    return reply
  })
}
