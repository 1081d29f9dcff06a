import { errorsOf } from '@gatehouse/errors'
import type { BridgeService, LiveService, OutboxService, PeeringService } from '@gatehouse/proto'
import { type CallCheck, LOCAL_CALLER, type RpcService } from '@gatehouse/rpc'
import { cliCodes } from '../errors.ts'

/** Who may do what with links, waiting messages, networks and the live tail. */
export const controlRoles = {
  admin: { may: ['look', 'act', 'link'], summary: 'Everything.' },
  operator: { may: ['look', 'act'], summary: 'Looks, and acts on links and waiting messages; gives no passwords of accounts.' },
  auditor: { may: ['look'], summary: 'Looks; changes nothing.' },
} as const satisfies Record<string, { readonly may: readonly Need[]; readonly summary: string }>

export type ControlRole = keyof typeof controlRoles

export const controlRoleNames = Object.keys(controlRoles) as [ControlRole, ...ControlRole[]]

/** What a call does: shows, changes or reaches out, or handles somebody's account on a network. */
type Need = 'look' | 'act' | 'link'

export type CallNeeds<S extends RpcService> = { readonly [K in keyof S['method']]: Need }

/** Every call of every service without a list of its own: one that is added has to be put here before it compiles. */
export const callNeeds = {
  peering: { listPeers: 'look', disconnect: 'act', diagnose: 'act', tracePeer: 'act' } satisfies CallNeeds<typeof PeeringService>,
  outbox: { listOutbox: 'look', retryOutbox: 'act', dropOutbox: 'act' } satisfies CallNeeds<typeof OutboxService>,
  bridge: {
    listNetworks: 'look',
    listAccounts: 'look',
    linkAccount: 'link',
    unlinkAccount: 'link',
  } satisfies CallNeeds<typeof BridgeService>,
  live: { tail: 'look' } satisfies CallNeeds<typeof LiveService>,
} as const

const cliError = errorsOf(cliCodes)

/** Names of client certificates, and what each may do. Whoever is not listed may do nothing; the unix socket belongs to its owner. */
export class ControlAccess {
  readonly #roles: ReadonlyMap<string, ControlRole>

  constructor(entries: readonly { readonly caller: string; readonly role: ControlRole }[]) {
    this.#roles = new Map<string, ControlRole>([...entries.map(({ caller, role }) => [caller, role] as const), [LOCAL_CALLER, 'admin']])
  }

  /** For `guardService`; throws GH-CONTROL-ROLE. */
  checkOf<S extends RpcService>(needs: CallNeeds<S>): CallCheck<S> {
    return (call, { caller }) => {
      const role = this.#roles.get(caller)
      const need: Need | undefined = needs[call]
      if (role !== undefined && need !== undefined && (controlRoles[role].may as readonly Need[]).includes(need)) return
      throw cliError('GH-CONTROL-ROLE', `${JSON.stringify(caller.slice(0, 200))} is ${role ?? 'not listed'}; the call is ${call}.`)
    }
  }
}
