import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import type { ArchiveDisk } from './archive-disk.ts'
import { LimitedFiles } from './limited-files.ts'
import type { Member } from './member.ts'

/** How the room of a member is taken: by filling a file system (root), or by a limit on the size of its files. */
export const DISK_KINDS = ['tmpfs', 'limit'] as const
export type DiskKind = (typeof DISK_KINDS)[number]

/** The disk of a member. */
export interface RigDisk {
  readonly kind: DiskKind
  readonly owner: Member
  readonly canFill: boolean
  fill(): void
  free(): Promise<void> | void
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

/**
 * NATS switches JetStream off when it cannot write, and does not switch it on again: whoever runs it makes room and starts it anew. No message
 * of ours that was acknowledged may depend on it meanwhile.
 */
export function diskOfBus(nats: Member, mounted: ArchiveDisk | undefined): RigDisk {
  const disk = diskOf(nats, mounted)
  return {
    kind: disk.kind,
    owner: nats,
    canFill: disk.canFill,
    fill: () => disk.fill(),
    free: async () => {
      await disk.free()
      await nats.kill()
      await nats.start()
    },
  }
}
