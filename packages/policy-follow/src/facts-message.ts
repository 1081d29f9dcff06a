import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { RightsSpec, StartRight, UserFacts } from '@gatehouse/policy-engine'
import { unknownUser } from '@gatehouse/policy-engine'
import {
  type FactRights,
  FactRightsSchema,
  GetFactsRequestSchema,
  GetFactsResponseSchema,
  type UserFactsMessage,
  UserFactsMessageSchema,
} from '@gatehouse/proto'

/** Most users of one request; a longer one is answered for the first of them only. */
export const MAX_FACTS_PER_REQUEST = 256

const STARTS: readonly string[] = ['both', 'inside', 'outside', 'none'] satisfies StartRight[]

export function encodeFactsRequest(users: readonly string[]): Uint8Array {
  return toBinary(GetFactsRequestSchema, create(GetFactsRequestSchema, { users: [...users] }))
}

/** Undefined when the bytes are no answer. Never throws. */
export function decodeFactsResponse(data: Uint8Array): readonly { readonly user: string; readonly facts: UserFacts }[] | undefined {
  try {
    return fromBinary(GetFactsResponseSchema, data).facts.map((message) => ({ user: message.user, facts: factsFromMessage(message) }))
  } catch {
    return undefined
  }
}

export function factsToMessage(user: string, facts: UserFacts): UserFactsMessage {
  return create(UserFactsMessageSchema, {
    user,
    known: facts.status === 'known',
    source: facts.status === 'known' ? facts.detail : '',
    rights: rightsToMessage(facts.rights),
    groups: [...facts.groups],
    contacts: [...facts.contacts].map(([address, until]) => ({ address, expiresMs: Number.isFinite(until) ? BigInt(until) : 0n })),
    safeList: [...facts.safeList],
  })
}

export function factsFromMessage(message: UserFactsMessage): UserFacts {
  const { known, source, contacts, safeList } = message
  const nobody = unknownUser('neither directory nor import has them')
  return {
    status: known ? 'known' : nobody.status,
    detail: known ? source : nobody.detail,
    rights: rightsFromMessage(message.rights),
    groups: message.groups,
    // most users have none: a cache of a million need not hold two million empty tables
    contacts: contacts.length === 0 ? nobody.contacts : new Map(contacts.map(({ address, expiresMs }) => [address, untilMs(expiresMs)])),
    safeList: safeList.length === 0 ? nobody.safeList : new Set(safeList),
    memo: undefined,
  }
}

/** 0 is for ever. */
function untilMs(expiresMs: bigint): number {
  return expiresMs === 0n ? Number.POSITIVE_INFINITY : Number(expiresMs)
}

export function rightsToMessage(rights: RightsSpec): FactRights {
  const { federation, publicIm, publicNetworks, remote, start, allowedDomains, blockedDomains } = rights
  return create(FactRightsSchema, {
    ...(federation === undefined ? {} : { federation }),
    ...(publicIm === undefined ? {} : { publicIm }),
    ...(publicNetworks === undefined ? {} : { publicNetworks: { names: [...publicNetworks] } }),
    ...(remote === undefined ? {} : { remote }),
    ...(start === undefined ? {} : { start }),
    ...(allowedDomains === undefined ? {} : { allowedDomains: { names: [...allowedDomains] } }),
    blockedDomains: [...(blockedDomains ?? [])],
  })
}

export function rightsFromMessage(message: FactRights | undefined): RightsSpec {
  if (message === undefined) return {}
  const { federation, publicIm, publicNetworks, remote, start, allowedDomains, blockedDomains } = message
  return {
    federation,
    publicIm,
    publicNetworks: publicNetworks?.names,
    remote,
    // a word of a newer version is taken for the narrowest this one knows
    start: start === undefined ? undefined : STARTS.includes(start) ? (start as StartRight) : 'none',
    allowedDomains: allowedDomains?.names,
    blockedDomains: blockedDomains.length === 0 ? undefined : blockedDomains,
  }
}
