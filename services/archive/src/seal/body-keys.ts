import { existsSync } from 'node:fs'
import { searchAddress } from '../append/search-address.ts'
import type { ArchiveConfig } from '../config.ts'
import type { LogSource } from '../store/log-source.ts'
import type { Hold, KeyFacts, KeyVault } from './key-vault.ts'
import { dayOf } from './seal-record.ts'

export interface Shredding {
  readonly destroyed: readonly number[]
  readonly held: readonly number[]
  /** Names of the holds that protect the latter. */
  readonly holds: readonly string[]
}

/**
 * Destroys keys, except those that a hold protects. `settled` resolves when everything committed is searchable and everything
 * that comes later is sealed with other keys: only then does the index show all that a key protects.
 */
export async function shred(
  keys: KeyVault,
  wanted: readonly KeyFacts[],
  reader: () => LogSource,
  settled: () => Promise<void>,
): Promise<Shredding> {
  await keys.close(wanted.map(({ id }) => id))
  await settled()
  const holds = await keys.holds()
  const protecting = new Set<string>()
  const destroyed: number[] = []
  const held: number[] = []
  const log = reader()
  for (const { id } of wanted) {
    const found: Hold[] = []
    for (const hold of holds) if (await log.hasEntryUnder(id, hold)) found.push(hold)
    for (const { name } of found) protecting.add(name)
    ;(found.length > 0 ? held : destroyed).push(id)
  }
  await keys.destroy(destroyed)
  return { destroyed, held, holds: [...protecting] }
}

/** Keys whose time is over by the rules of retention. */
export async function expiredKeys(keys: KeyVault, retention: ArchiveConfig['retention'], nowUs: number): Promise<KeyFacts[]> {
  const users = new Map(retention.users.map(({ user, days }) => [searchAddress(user), days]))
  const classes: Readonly<Record<string, number | undefined>> = retention.classes
  const closed = await keys.keys({ beforeDay: dayOf(nowUs) })
  return closed.filter(({ subject, trafficClass, day }) => {
    const days = users.get(subject) ?? classes[trafficClass] ?? retention.days
    // The day itself, and then so many.
    return days !== undefined && dayOf(nowUs - (days + 1) * DAY_US) >= day
  })
}

const DAY_US = 86_400_000_000

/** Whether a hold names anything at all. */
export function isHoldBounded({ user, conversation, domain, sinceUs, untilUs }: Hold): boolean {
  return user !== '' || conversation !== '' || domain !== '' || sinceUs > 0 || untilUs > 0
}

export function keyStoreFile(databaseFile: string): string {
  return `${databaseFile}.keys`
}

export function hasKeyStore(databaseFile: string): boolean {
  return existsSync(keyStoreFile(databaseFile))
}
