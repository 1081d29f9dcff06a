import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import type { ArchiveDisk } from './archive-disk.ts'
import { LimitedFiles } from './limited-files.ts'
import type { Member } from './member.ts'

/** How the room of the one who keeps the log is taken: by filling a file system (root), or by a limit on the size of its files. */
export const DISK_KINDS = ['tmpfs', 'limit'] as const
export type DiskKind = (typeof DISK_KINDS)[number]

/** The disk of the member that keeps the log. */
export interface RigDisk {
  readonly kind: DiskKind
  readonly owner: Member
  readonly canFill: boolean
  fill(): void
  free(): void
}

export function defaultDiskKind(): DiskKind {
  return userInfo().uid === 0 ? 'tmpfs' : 'limit'
}

/** `mounted`: the tmpfs below the owner's files, when there is one. */
export function diskOf(owner: Member, mounted: ArchiveDisk | undefined): RigDisk {
  if (mounted === undefined) return new LimitedFiles(owner, spawnSync('prlimit', ['--version']).status === 0)
  return {
    kind: 'tmpfs',
    owner,
    canFill: mounted.canFill,
    fill: () => mounted.fill(),
    free: () => mounted.free(),
  }
}
