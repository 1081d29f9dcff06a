import { spawnSync } from 'node:child_process'
import type { Member } from './member.ts'
import { familyOf } from './process-family.ts'
import type { RigDisk } from './rig-disk.ts'

/**
 * A full disk for those who may not mount one: the process and its children may write no octet to any file any more
 * (RLIMIT_FSIZE, EFBIG instead of ENOSPC). Stricter than a full disk, which still takes what fits into pages it has; a process
 * that is started again meanwhile is free of it.
 */
export class LimitedFiles implements RigDisk {
  readonly kind = 'limit'
  readonly owner: Member
  readonly canFill: boolean

  constructor(owner: Member, hasTool: boolean) {
    this.owner = owner
    this.canFill = hasTool
  }

  fill(): void {
    this.#limit('0')
  }

  free(): void {
    this.#limit('unlimited')
  }

  /** Only the soft limit, so that it can be lifted again. */
  #limit(soft: string): void {
    for (const pid of familyOf(this.owner.pid)) spawnSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:`])
  }
}
