import type { ArchiveService } from '@gatehouse/proto'

type ArchiveCall = keyof typeof ArchiveService.method

/** Who may do what with the archive; every call that shows or changes something is on record whatever the role. */
export const archiveRoles = {
  admin: { summary: 'Everything, also holding and erasing.', calls: 'all' },
  reader: {
    summary: 'Looks, exports and verifies; changes nothing.',
    calls: ['search', 'get', 'verify', 'export', 'status', 'prove', 'listHolds', 'exportEntries'],
  },
  replay: { summary: 'The policy service: explains and simulates.', calls: ['get', 'scan', 'status'] },
} as const satisfies Record<string, { readonly summary: string; readonly calls: 'all' | readonly ArchiveCall[] }>

export type ArchiveRole = keyof typeof archiveRoles

export const archiveRoleNames = Object.keys(archiveRoles) as [ArchiveRole, ...ArchiveRole[]]

export function mayCall(role: ArchiveRole, call: string): boolean {
  const { calls } = archiveRoles[role]
  return calls === 'all' || (calls as readonly string[]).includes(call)
}
