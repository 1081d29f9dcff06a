/** Who may do what with the policy. */
export const roles = {
  admin: { mayChange: 'everything', summary: 'Changes everything.' },
  operator: {
    mayChange: 'all-but-switches',
    summary:
      'Changes partners, domains, users, limits and block entries; not the switches of the whole gate, nor what is recorded or filtered.',
  },
  'block-only': { mayChange: 'blocks', summary: 'Adds and removes block entries; reads everything.' },
  auditor: { mayChange: 'nothing', summary: 'Reads everything.' },
} as const

export type Role = keyof typeof roles

export const roleNames: readonly Role[] = Object.keys(roles) as Role[]

/** What opens the gate as a whole, or lets messages pass unseen. */
const SWITCHES: ReadonlySet<string> = new Set([
  'FederationSettings',
  'Archiving',
  'InternalDomain',
  'ContentFilter',
  'Inspector',
  'EthicalWall',
  'UserSettings',
])

/** Whether a role may touch objects of a kind. */
export function mayChange(role: Role, kind: string): boolean {
  switch (roles[role].mayChange) {
    case 'everything':
      return true
    case 'all-but-switches':
      return !SWITCHES.has(kind)
    case 'blocks':
      return kind === 'BlockEntry'
    default:
      return false
  }
}
