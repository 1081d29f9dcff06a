import { addressKey } from '@gatehouse/im-model'
import type { EthicalWallSpec, GroupSpec, UserRightsSpec, UserSettingsSpec, WallSideSpec } from '../document.ts'
import { makeEffective } from '../facts/effective-facts.ts'
import { compileRights } from '../facts/rights.ts'
import type { CompiledGroup, CompiledUserSettings, UserTables, Wall, WallSide, WrittenUser } from '../snapshot.ts'
import { expiryMs, foldAddress, innerMap } from './table-parts.ts'

const DAY_MS = 86_400_000

/** In force where a document has no UserSettings: who is not restricted may federate, nothing is looked up or learned. */
const STANDARD: UserSettingsSpec = {
  lookUp: false,
  unknown: 'accept',
  federation: true,
  remote: true,
  start: 'both',
  learnDays: 0,
  firstContact: 'refuse',
  firstContactsPerPartner: 100,
}

/** Collects what the document says about users; the order of its objects does not matter. */
export class UserTablesBuilder {
  readonly #written = new Map<string, Map<string, WrittenUser>>()
  readonly #groups: { readonly group: CompiledGroup; readonly spec: GroupSpec }[] = []
  readonly #walls: Wall[] = []
  #settings: { readonly name: string; readonly spec: UserSettingsSpec } | undefined

  addUser(name: string, spec: UserRightsSpec): void {
    const { user, domain } = foldAddress(spec.user)
    const users = innerMap(this.#written, domain)
    if (users.has(user)) return
    users.set(user, {
      source: `UserRights/${name}`,
      rights: compileRights(spec),
      contacts: new Set(spec.contacts.map(keyOfAddress)),
      safeList: new Set((spec.safeList ?? []).map((entry) => (entry.includes('@') ? keyOfAddress(entry) : entry.toLowerCase()))),
    })
  }

  addGroup(name: string, spec: GroupSpec): void {
    this.#groups.push({ group: { name, source: `Group/${name}`, rights: compileRights(spec) }, spec })
  }

  addWall(name: string, spec: EthicalWallSpec): void {
    this.#walls.push({
      source: `EthicalWall/${name}`,
      left: compileSide(spec.left),
      right: compileSide(spec.right),
      owner: spec.owner,
      reason: spec.reason,
      expiresMs: expiryMs(spec.expires, Number.POSITIVE_INFINITY),
    })
  }

  setSettings(name: string, spec: UserSettingsSpec): void {
    this.#settings ??= { name, spec }
  }

  build(): UserTables {
    const memberships = new Map<string, Map<string, CompiledGroup[]>>()
    const groupsByKey = new Map<string, CompiledGroup[]>()
    const groups = this.#groups.toSorted((left, right) => (left.group.name < right.group.name ? -1 : 1))
    for (const { group, spec } of groups) {
      for (const member of new Set(spec.members.map(keyOfAddress))) {
        const { user, domain } = foldAddress(member)
        pushTo(innerMap(memberships, domain), user, group)
      }
      for (const key of new Set([group.name, (spec.directoryGroup ?? group.name).toLowerCase()])) pushTo(groupsByKey, key, group)
    }
    const settings = compileSettings(this.#settings)
    return {
      written: this.#written,
      memberships,
      groupsByKey,
      walls: this.#walls,
      settings,
      hasRules: this.#settings !== undefined || this.#written.size > 0 || groups.length > 0 || this.#walls.length > 0,
      hasArchiveModes:
        groups.some(({ group }) => group.rights.archiving !== undefined) ||
        [...this.#written.values()].some((users) => [...users.values()].some(({ rights }) => rights.archiving !== undefined)),
      byDefault: makeEffective(settings, [], [], undefined, undefined),
      cache: { tables: {}, ofWritten: new Map(), ofKind: new Map() },
    }
  }
}

function compileSettings(given: { readonly name: string; readonly spec: UserSettingsSpec } | undefined): CompiledUserSettings {
  const spec = given?.spec ?? STANDARD
  return {
    source: given === undefined ? 'defaults' : `UserSettings/${given.name}`,
    isLookedUp: spec.lookUp,
    refusesUnknown: spec.unknown === 'refuse',
    rights: compileRights(spec),
    learnMs: spec.learnDays * DAY_MS,
    holdsFirstContact: spec.firstContact === 'hold' && spec.lookUp,
    firstContactsPerPartner: spec.firstContactsPerPartner,
  }
}

function compileSide(spec: WallSideSpec): WallSide {
  return {
    groups: new Set(spec.groups),
    users: new Set(spec.users.map(keyOfAddress)),
    domains: new Set(spec.domains.map((domain) => domain.toLowerCase())),
  }
}

function keyOfAddress(address: string): string {
  const { user, domain } = foldAddress(address)
  return addressKey(user, domain)
}

function pushTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const present = map.get(key)
  if (present === undefined) map.set(key, [value])
  else present.push(value)
}
