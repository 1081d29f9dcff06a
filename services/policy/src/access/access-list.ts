import type { ObjectDifference } from '@gatehouse/policy-document'
import { LOCAL_CALLER } from '@gatehouse/rpc'
import { policyError } from '../errors.ts'
import { mayChange, type Role } from './roles.ts'

/** Names of client certificates, and what each may do. */
export class AccessList {
  readonly #roles: ReadonlyMap<string, Role>

  constructor(entries: readonly { readonly caller: string; readonly role: Role }[], local: Role) {
    this.#roles = new Map<string, Role>([...entries.map(({ caller, role }) => [caller, role] as const), [LOCAL_CALLER, local]])
  }

  /** Throws GH-ACCESS-UNKNOWN for a caller without a role; every role may read. */
  roleOf(caller: string): Role {
    const role = this.#roles.get(caller)
    if (role === undefined) throw policyError('GH-ACCESS-UNKNOWN', `The caller is ${JSON.stringify(caller.slice(0, 200))}.`)
    return role
  }

  /** Throws GH-ACCESS-ROLE when the role may make no change at all: known before anything is read. */
  requireWriter(caller: string): Role {
    const role = this.roleOf(caller)
    if (role === 'auditor') throw policyError('GH-ACCESS-ROLE', `${JSON.stringify(caller)} is auditor and changes nothing.`)
    return role
  }
}

/** Throws GH-ACCESS-ROLE when one of the changes is beyond the role. */
export function requireChanges(role: Role, changes: readonly Pick<ObjectDifference, 'object' | 'action'>[]): void {
  const beyond = changes.filter(({ object }) => !mayChange(role, object.slice(0, object.indexOf('/'))))
  const first = beyond[0]
  if (first === undefined) return
  const more = beyond.length === 1 ? '' : ` and ${beyond.length - 1} more`
  throw policyError('GH-ACCESS-ROLE', `${role} may not touch ${first.object}${more}.`)
}
