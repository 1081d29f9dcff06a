import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { FactsStore } from '../facts/facts-store.ts'
import { SqliteFactsDatabase } from '../facts/sqlite-facts-database.ts'
import { directoryConfig } from './directory-config.ts'
import { DirectorySync, type PassOutcome } from './directory-sync.ts'
import { LdapSource } from './ldap-source.ts'
import { FakeActiveDirectory } from './testing/fake-active-directory.ts'

const BASE = 'DC=contoso,DC=example'
/** More than two pages of the fake. */
const PEOPLE = 120
/** More than two ranges; most of them are computers and the like, which no search finds. */
const MEMBERS = 3_700
const EVERYBODY = 'cn=everybody,ou=groups,dc=contoso,dc=example'
const FEW = 'cn=few,ou=groups,dc=contoso,dc=example'

const dnOf = (at: number): string => `CN=Member ${at},OU=People,${BASE}`

/** Place of a person among the members: the last one is the last of all. */
function memberAt(index: number): number {
  return Math.round((index * (MEMBERS - 1)) / (PEOPLE - 1))
}

/** Of a user by number. */
function addressOf(at: number): string {
  return `u${at}@contoso.example`
}

describe('a fake Active Directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-fake-ad-'))
  const server = new FakeActiveDirectory()
  let url = ''
  let store: FactsStore
  let files = 0
  before(async () => {
    server.maxPage = 50
    url = await server.start()
    // people stand in every range
    for (let index = 0; index < PEOPLE; index++) {
      const at = memberAt(index)
      const attributes = { proxyAddresses: [`SMTP:u${at}@contoso.example`, `sip:u${at}@contoso.example`], uSNChanged: [String(1000 + at)] }
      server.entries.push({ dn: dnOf(at), isGroup: false, attributes })
    }
    const member = Array.from({ length: MEMBERS }, (_, at) => dnOf(at))
    server.entries.push({ dn: `CN=Everybody,OU=Groups,${BASE}`, isGroup: true, attributes: { member, uSNChanged: ['9000'] } })
    server.entries.push({ dn: `CN=Few,OU=Groups,${BASE}`, isGroup: true, attributes: { member: member.slice(0, 2), uSNChanged: ['9001'] } })
  })
  beforeEach(() => {
    store = new FactsStore(new SqliteFactsDatabase(join(folder, `facts-${++files}.db`)))
    server.ranges.length = 0
    server.skipsValues = 0
    server.forgetsAfterRanges = Number.POSITIVE_INFINITY
  })
  afterEach(() => store.close())
  after(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (more: object = {}): Promise<PassOutcome> => {
    const config = directoryConfig.parse({
      url,
      base: BASE,
      pageSize: 5_000,
      changed: 'uSNChanged',
      users: { filter: '(&(objectCategory=person)(objectClass=user)(proxyAddresses=sip:*))', address: 'proxyAddresses' },
      groups: { filter: '(objectClass=group)' },
      ...more,
    })
    return new DirectorySync({ config, source: new LdapSource(config), store, nowMs: () => 1_000 }).run({
      isFull: true,
      acceptsDrop: false,
    })
  }

  it('hands out a group of thousands in ranges, and every member is in it', async () => {
    const outcome = await run()
    assert.deepEqual([outcome.users, outcome.groups], [PEOPLE, 2])
    assert.deepEqual(server.ranges, ['member;range=1500-*', 'member;range=3000-*'])
    const facts = await store.factsOf(
      Array.from({ length: PEOPLE }, (_, index) => addressOf(memberAt(index))),
      1_000,
    )
    for (let index = 0; index < PEOPLE; index++) {
      const at = memberAt(index)
      assert.deepEqual(facts.get(addressOf(at))?.groups, at < 2 ? [EVERYBODY, FEW] : [EVERYBODY], `user ${at}`)
    }
  })

  it('that skips values, or forgets a group while it is read, fails the pass, and nobody is removed', async () => {
    await run()
    server.skipsValues = 1
    await assert.rejects(run(), { code: 'GH-DIRECTORY-AWAY' })
    server.skipsValues = 0
    server.forgetsAfterRanges = server.ranges.length + 1
    await assert.rejects(run(), { code: 'GH-DIRECTORY-AWAY' })
    assert.deepEqual((await store.factsOfOne(`u${MEMBERS - 1}@contoso.example`, 1_000)).groups, [EVERYBODY])
  })
})
