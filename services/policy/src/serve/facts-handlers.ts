import { create } from '@bufbuild/protobuf'
import { normaliseDomain, parseAddress } from '@gatehouse/im-model'
import { describeFacts, factsOf, type Snapshot, userKey } from '@gatehouse/policy-engine'
import { rightsFromMessage } from '@gatehouse/policy-follow'
import {
  DirectoryStatusResponseSchema,
  type ExplainFactsRequest,
  type ExplainFactsResponse,
  ExplainFactsResponseSchema,
  type FactsService,
  type ImportedUser,
  ImportUsersResponseSchema,
  ListQuarantineResponseSchema,
  PutContactsResponseSchema,
  ReleaseQuarantineResponseSchema,
  SyncDirectoryResponseSchema,
} from '@gatehouse/proto'
import type { RpcHandlers } from '@gatehouse/rpc'
import type { Logger } from '@gatehouse/telemetry'
import type { DirectoryKeeper } from '../directory/directory-keeper.ts'
import type { FactsBook } from '../facts/facts-book.ts'
import { factsError } from '../facts/facts-codes.ts'
import type { HeldFirstContact } from '../facts/quarantine-store.ts'
import type { StoredUser } from '../facts/stored-user.ts'
import { factsResponse } from './facts-endpoint.ts'

const STANDARD_LIMIT = 100
const MAX_LIMIT = 10_000

export interface FactsHandlersDeps {
  readonly book: FactsBook
  readonly snapshot: () => Snapshot
  readonly nowMs: () => number
  readonly log: Logger
  readonly directory: DirectoryKeeper
}

export type FactsHandlers = RpcHandlers<typeof FactsService>

/** FactsService of facts.proto. */
export function createFactsHandlers(deps: FactsHandlersDeps): FactsHandlers {
  const { book, log, directory } = deps
  return {
    getFacts: ({ users }) => factsResponse(book, users.map(keyOf)),
    explainFacts: (request) => explainFacts(deps, request),
    putContacts: async ({ user, contacts, remove }) => {
      const written = contacts.map(({ address, expiresMs }) => ({ address: keyOf(address), expiresMs: Number(expiresMs) }))
      return create(PutContactsResponseSchema, await book.putContacts(keyOf(user), written, remove.map(keyOf)))
    },
    importUsers: async ({ importId, sequence, users, last, replace, maxRemovedPercent }) => {
      const outcome = await book.import({
        importId,
        sequence,
        users: users.map(storedUser),
        isLast: last,
        replaces: replace,
        maxRemovedPercent,
      })
      if (last) log.info({ users: outcome.written, removed: outcome.removed }, 'users imported')
      return create(ImportUsersResponseSchema, { written: BigInt(outcome.written), removed: BigInt(outcome.removed) })
    },
    listQuarantine: async ({ user, limit }) => {
      const rows = await book.quarantine.list(user === '' ? '' : keyOf(user), Math.min(MAX_LIMIT, limit === 0 ? STANDARD_LIMIT : limit))
      return create(ListQuarantineResponseSchema, { entries: rows.map(entryOf), fullPartners: [...book.quarantine.fullPartners()] })
    },
    releaseQuarantine: async ({ ids, author }, { caller }) => {
      const { released, unknown } = await book.release(ids.map(Number))
      for (const { user, contact } of released) log.info({ user, contact, author, caller }, 'first contact released')
      return create(ReleaseQuarantineResponseSchema, { released: released.map(entryOf), unknown: unknown.map(BigInt) })
    },
    directoryStatus: async () => {
      const status = directory.status()
      return create(DirectoryStatusResponseSchema, {
        configured: status.isConfigured,
        state: status.state,
        lastFullMs: BigInt(status.lastFullMs),
        lastPassMs: BigInt(status.lastPassMs),
        users: BigInt(status.users),
        groups: BigInt(status.groups),
        problem: status.problem,
        storedUsers: BigInt(await book.store.countUsers()),
      })
    },
    syncDirectory: async ({ full, acceptDrop }) => {
      const outcome = await directory.sync({ isFull: full || acceptDrop, acceptsDrop: acceptDrop })
      return create(SyncDirectoryResponseSchema, {
        full: outcome.isFull,
        users: BigInt(outcome.users),
        groups: BigInt(outcome.groups),
        removed: BigInt(outcome.removed),
        skipped: BigInt(outcome.skipped),
      })
    },
  }
}

async function explainFacts({ book, snapshot, nowMs }: FactsHandlersDeps, { user }: ExplainFactsRequest): Promise<ExplainFactsResponse> {
  const key = keyOf(user)
  const at = key.lastIndexOf('@')
  const found = await book.factsOf(key)
  const inForce = snapshot()
  const facts = factsOf(inForce, key.slice(0, at), key.slice(at + 1), { facts: () => found })
  const written = facts?.written
  const stored = (await book.store.contactsOf(key, nowMs())).map((row) => ({ ...row, expiresMs: BigInt(row.expiresMs) }))
  const listed = [...(written?.contacts ?? [])].map((address) => ({ address, origin: 'document', expiresMs: 0n }))
  return create(ExplainFactsResponseSchema, {
    user: key,
    known: found.status === 'known' || written !== undefined,
    source: [...(written === undefined ? [] : [written.source]), ...(found.status === 'known' ? [found.detail] : [])].join(', '),
    rights: facts === undefined ? [] : describeFacts(facts).map(([right, value, source]) => ({ right, value, source })),
    groups: [...found.groups],
    contacts: [...listed, ...stored],
    safeList: [...(written?.safeList ?? []), ...found.safeList],
    lookedUp: inForce.users.settings.isLookedUp,
  })
}

/** The form everything is compared in. Throws GH-FACTS-ADDRESS. */
function keyOf(text: string): string {
  const address = parseAddress(text)
  if (address === undefined) throw factsError('GH-FACTS-ADDRESS', JSON.stringify(text.slice(0, 100)))
  return userKey(address.user, address.domain)
}

function storedUser({ user, rights, groups, contacts, safeList }: ImportedUser): StoredUser {
  return {
    address: keyOf(user),
    externalId: '',
    rights: rightsFromMessage(rights),
    groups: groups.map((group) => group.toLowerCase()),
    contacts: contacts.map(keyOf),
    safeList: safeList.map((entry) => (entry.includes('@') ? keyOf(entry) : domainOf(entry))),
  }
}

function domainOf(text: string): string {
  const domain = normaliseDomain(text)
  if (domain === undefined) throw factsError('GH-FACTS-ADDRESS', JSON.stringify(text.slice(0, 100)))
  return domain
}

function entryOf(held: HeldFirstContact): Omit<HeldFirstContact, 'id' | 'firstMs' | 'lastMs' | 'envelopeId'> & {
  readonly id: bigint
  readonly firstMs: bigint
  readonly lastMs: bigint
  readonly envelopeId: Uint8Array
} {
  return {
    ...held,
    id: BigInt(held.id),
    firstMs: BigInt(held.firstMs),
    lastMs: BigInt(held.lastMs),
    envelopeId: Buffer.from(held.envelopeId, 'hex'),
  }
}
