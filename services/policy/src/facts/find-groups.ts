import type { FactsQueries } from './facts-database.ts'
import { chunksOf, marks } from './sql-lists.ts'

/** Most groups and levels of nesting of one user: a directory may nest in circles. */
const MAX_GROUPS = 1_000
const MAX_NESTING = 16

/** Groups of directory entries, and groups of those, level by level: as many queries as there are levels, however many entries. */
export async function findGroups(
  queries: Pick<FactsQueries, 'all'>,
  entries: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const stated = new Map<string, string[]>()
  let level = [...new Set(entries)]
  for (let depth = 0; depth < MAX_NESTING && level.length > 0; depth++) {
    for (const member of level) stated.set(member, [])
    for (const members of chunksOf(level)) {
      const sql = `SELECT DISTINCT member, grp FROM fact_membership WHERE member IN (${marks(members)}) ORDER BY member, grp`
      for (const row of await queries.all(sql, members)) stated.get(String(row['member']))?.push(String(row['grp']))
    }
    level = [...new Set(level.flatMap((member) => stated.get(member) ?? []))].filter((group) => !stated.has(group))
  }
  return new Map([...new Set(entries)].map((entry) => [entry, groupsOf(entry, stated)]))
}

/** Each once, so that circles end. */
function groupsOf(entry: string, stated: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const groups = new Set<string>()
  const open = [entry]
  for (let at = 0; at < open.length; at++) {
    for (const group of stated.get(open[at]!) ?? []) {
      if (groups.has(group) || groups.size >= MAX_GROUPS) continue
      groups.add(group)
      open.push(group)
    }
  }
  return [...groups]
}
