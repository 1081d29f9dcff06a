import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const CHUNK = Buffer.alloc(256 * 1024)

/**
 * The disk of whoever keeps the log. As root a tmpfs of its own, which `fill` fills to the last byte; otherwise a plain folder, and the disk
 * cannot be filled (`canFill`).
 */
export class ArchiveDisk {
  readonly folder: string
  readonly canFill: boolean

  constructor(folder: string, sizeMegabytes: number) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    const isRoot = process.getuid?.() === 0
    this.canFill = isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMegabytes}m`, 'gatehouse-chaos', folder]).status === 0
  }

  get #ballast(): string {
    return join(this.folder, 'ballast')
  }

  /** Takes all the room there is. */
  fill(): void {
    const file = openSync(this.#ballast, 'a')
    try {
      for (let size = CHUNK.length; size >= 4096; ) {
        try {
          writeSync(file, CHUNK, 0, size)
        } catch {
          size /= 2
        }
      }
    } finally {
      closeSync(file)
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true })
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.folder)
    return bavail * bsize
  }

  stop(): void {
    if (this.canFill) spawnSync('umount', ['-l', this.folder])
  }
}
