import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '@gatehouse/config'

export interface ExportedFile {
  readonly path: string
  readonly sha256: string
  readonly bytes: number
}

/** Where an export stands; written whenever everything before it is in the folder. */
export interface ExportProgress {
  /** What was asked for: another question does not go on in the same folder. */
  readonly question: string
  /** The log is read again from behind it. */
  readonly resumeAfter: number
  /** Proofs are written up to it. */
  readonly provenUpTo: number
  /** Participants → last sequence that stands in a conversation already written. */
  readonly closed: readonly (readonly [string, number])[]
  readonly messages: number
  readonly notInFormat: number
}

const PROGRESS = 'progress.json'
const JOURNAL = 'files.jsonl'

/** The folder of an export: files, a journal of their digests, and a mark from which a broken export goes on. */
export class ExportFolder {
  readonly #root: string
  #made = ''

  constructor(root: string) {
    this.#root = root
    makeFolder(root)
  }

  get isFinished(): boolean {
    return existsSync(join(this.#root, 'manifest.json'))
  }

  progress(): ExportProgress | undefined {
    const path = join(this.#root, PROGRESS)
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ExportProgress) : undefined
  }

  write(path: string, content: Uint8Array): void {
    const full = join(this.#root, path)
    if (this.#made !== dirname(full)) {
      makeFolder(dirname(full))
      this.#made = dirname(full)
    }
    writeFileSync(full, content, { mode: 0o600 })
    const file: ExportedFile = { path, sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length }
    appendFileSync(join(this.#root, JOURNAL), `${JSON.stringify(file)}\n`, { mode: 0o600 })
  }

  /** Complete or not there, whenever the process ends. */
  mark(progress: ExportProgress): void {
    this.#replace(PROGRESS, JSON.stringify(progress))
  }

  /** Writes manifest.json with every file, and removes what only a continuation needs. */
  finish(manifest: object): void {
    const journal = join(this.#root, JOURNAL)
    const files = new Map<string, ExportedFile>()
    const lines = existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : []
    for (const line of lines) {
      const file = JSON.parse(line) as ExportedFile
      files.set(file.path, file)
    }
    this.#replace('manifest.json', `${JSON.stringify({ ...manifest, files: [...files.values()] }, undefined, 1)}\n`)
    rmSync(journal, { force: true })
    rmSync(join(this.#root, PROGRESS), { force: true })
  }

  #replace(name: string, text: string): void {
    const path = join(this.#root, name)
    writeFileSync(`${path}.new`, text, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
}
