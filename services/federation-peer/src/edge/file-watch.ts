import { createHash } from 'node:crypto'
import type { FSWatcher } from 'node:fs'
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { messageOf } from '@gatehouse/errors'
import type { NamedFile } from '@gatehouse/peer-identity'

import type { EdgeClock } from './connection.ts'

/** Editors and kubelet change several files one after the other. */
const SETTLE_MS = 200

/** What was read, with a digest over all of it. */
export interface FileSet {
  readonly digest: string
  readonly files: ReadonlyMap<string, NamedFile>
  /** Path → why it could not be read. */
  readonly unreadable: ReadonlyMap<string, string>
}

/** Reads all files; never rejects. */
export async function readFileSet(paths: readonly string[]): Promise<FileSet> {
  const files = new Map<string, NamedFile>()
  const unreadable = new Map<string, string>()
  const hash = createHash('sha256')
  for (const path of paths) {
    try {
      const bytes = await readFile(path)
      files.set(path, { name: path, bytes })
      hash.update(`${path}\0${bytes.length}\0`).update(bytes)
    } catch (thrown) {
      unreadable.set(path, messageOf(thrown))
      hash.update(`${path}\0unreadable\0`)
    }
  }
  return { digest: hash.digest('hex'), files, unreadable }
}

/**
 * Calls `onChange` some time after one of the files may have changed. Watches the directories, not the files: Kubernetes swaps a symlink
 * there, and a watched file that is replaced is watched no more. Polls, too, because some file systems report nothing.
 */
export class FileWatch {
  readonly #clock: EdgeClock
  readonly #onChange: () => void
  readonly #watchers: FSWatcher[] = []
  readonly #stopPoll: () => void
  #cancelSettle: (() => void) | undefined

  constructor(paths: readonly string[], deps: { clock: EdgeClock; pollIntervalMs: number; onChange: () => void }) {
    this.#clock = deps.clock
    this.#onChange = deps.onChange
    this.#stopPoll = deps.clock.every(deps.pollIntervalMs, deps.onChange)
    for (const directory of new Set(paths.map((path) => dirname(path)))) this.#watch(directory)
  }

  stop(): void {
    this.#stopPoll()
    this.#cancelSettle?.()
    for (const watcher of this.#watchers) watcher.close()
  }

  #watch(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#settle())
      watcher.on('error', () => watcher.close())
      this.#watchers.push(watcher)
    } catch {
      // No such directory yet, or no inotify handles left: the poll finds the change.
    }
  }

  #settle(): void {
    if (this.#cancelSettle !== undefined) return
    this.#cancelSettle = this.#clock.after(SETTLE_MS, () => {
      this.#cancelSettle = undefined
      this.#onChange()
    })
  }
}
