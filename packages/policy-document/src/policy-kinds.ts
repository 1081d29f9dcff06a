import type { PolicyKind } from '@gatehouse/policy-engine'
import type { KindDefinition } from './kind-definition.ts'
import { allowedDomain } from './kinds/allowed-domain.ts'
import { archiving } from './kinds/archiving.ts'
import { blockEntry } from './kinds/block-entry.ts'
import { clearinghouse } from './kinds/clearinghouse.ts'
import { contentFilter } from './kinds/content-filter.ts'
import { ethicalWall } from './kinds/ethical-wall.ts'
import { federationSettings } from './kinds/federation-settings.ts'
import { group } from './kinds/group.ts'
import { inspector } from './kinds/inspector.ts'
import { internalDomain } from './kinds/internal-domain.ts'
import { limits } from './kinds/limits.ts'
import { network } from './kinds/network.ts'
import { partner } from './kinds/partner.ts'
import { provider } from './kinds/provider.ts'
import { userRights } from './kinds/user-rights.ts'
import { userSettings } from './kinds/user-settings.ts'

/** Every kind, in the order of the export: the switches first, then who, then who not, then the users. */
export const policyKinds: { readonly [K in PolicyKind]: KindDefinition<K> } = {
  FederationSettings: federationSettings,
  Archiving: archiving,
  Limits: limits,
  ContentFilter: contentFilter,
  Inspector: inspector,
  InternalDomain: internalDomain,
  Partner: partner,
  Clearinghouse: clearinghouse,
  Provider: provider,
  Network: network,
  AllowedDomain: allowedDomain,
  BlockEntry: blockEntry,
  UserSettings: userSettings,
  Group: group,
  EthicalWall: ethicalWall,
  UserRights: userRights,
}

export const policyKindNames: readonly PolicyKind[] = Object.keys(policyKinds) as PolicyKind[]
