import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { GatewayError } from '@gatehouse/errors'
import { silentLogger } from '@gatehouse/telemetry'
import type { FactsDatabase } from '../facts/facts-database.ts'
import { FactsStore } from '../facts/facts-store.ts'
import { directoryError } from './directory-codes.ts'
import { type DirectoryConfig, directoryConfig } from './directory-config.ts'
import { DirectoryKeeper } from './directory-keeper.ts'
import type { DirectoryEntry, DirectorySearch, DirectorySource } from './directory-source.ts'
import { DirectorySync, type PassOutcome } from './directory-sync.ts'
import { normaliseDn } from './read-entry.ts'

type Attributes = Readonly<Record<string, string | readonly string[]>>

function entry(dn: string, attributes: Attributes): DirectoryEntry {
  const byName = new Map(
    Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? [value] : value]),
  )
  return { dn, values: (name) => byName.get(name.toLowerCase()) ?? [] }
}

function person(name: string, more: Attributes = {}): DirectoryEntry {
  return entry(`uid=${name},ou=people,dc=contoso,dc=example`, {
    mail: `${name}@contoso.example`,
    modifyTimestamp: '20260101000000Z',
    ...more,
  })
}

function groupEntry(name: string, member: readonly string[]): DirectoryEntry {
  return entry(`cn=${name},ou=groups,dc=contoso,dc=example`, { member, modifyTimestamp: '20260101000000Z' })
}

const dnOf = (name: string): string => `uid=${name},ou=people,dc=contoso,dc=example`
const groupDn = (name: string): string => `cn=${name},ou=groups,dc=contoso,dc=example`

/** A directory in memory that can misbehave. */
class FakeDirectory implements DirectorySource {
  people: DirectoryEntry[] = []
  groups: DirectoryEntry[] = []
  pageSize = 3
  /** Breaks after so many pages of all searches together. */
  breaksAfterPages = Number.POSITIVE_INFINITY
  readonly filters: string[] = []

  async connect(): Promise<Awaited<ReturnType<DirectorySource['connect']>>> {
    let pages = 0
    return { close: async () => {}, pages: (search) => this.#pages(search, () => pages++) }
  }

  async *#pages({ filter, base }: DirectorySearch, count: () => number): AsyncGenerator<readonly DirectoryEntry[]> {
    this.filters.push(filter)
    const all = base.includes('groups') ? this.groups : this.people
    const since = /modifyTimestamp>=([0-9Z]+)/.exec(filter)?.[1]
    const found = since === undefined ? all : all.filter((one) => (one.values('modifyTimestamp')[0] ?? '') >= since)
    for (let at = 0; at < found.length; at += this.pageSize) {
      if (count() >= this.breaksAfterPages) throw directoryError('GH-DIRECTORY-AWAY', 'cut')
      yield found.slice(at, at + this.pageSize)
    }
  }
}

interface World {
  readonly directory: FakeDirectory
  readonly store: FactsStore
  readonly clock: { nowMs: number }
  readonly config: DirectoryConfig
  readonly run: (order?: { isFull?: boolean; acceptsDrop?: boolean }) => Promise<PassOutcome>
  readonly known: (name: string) => Promise<boolean>
  readonly groupsOf: (name: string) => Promise<readonly string[]>
}

function open(database: FactsDatabase, more: object): World {
  const directory = new FakeDirectory()
  const store = new FactsStore(database)
  const clock = { nowMs: 1_800_000_000_000 }
  const config = directoryConfig.parse({ url: 'ldap://127.0.0.1', base: 'ou=people', groups: { base: 'ou=groups' }, ...more })
  const sync = new DirectorySync({ config, source: directory, store, nowMs: () => clock.nowMs })
  return {
    directory,
    store,
    clock,
    config,
    run: ({ isFull = true, acceptsDrop = false } = {}) => sync.run({ isFull, acceptsDrop }),
    known: async (name) => (await store.factsOfOne(`${name}@contoso.example`, clock.nowMs)).status === 'known',
    groupsOf: async (name) => (await store.factsOfOne(`${name}@contoso.example`, clock.nowMs)).groups.toSorted(),
  }
}

const many = (count: number): DirectoryEntry[] => Array.from({ length: count }, (_, at) => person(`u${at}`))

function refusedWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

/** What a directory's passes have to do on every database: the same tests on each. */
export function runDirectorySuite(
  name: string,
  makeDatabase: () => Promise<FactsDatabase>,
  options: { readonly skip: string | false },
): void {
  const opened: FactsDatabase[] = []
  const world = async (more: object = {}): Promise<World> => {
    const database = await makeDatabase()
    opened.push(database)
    return open(database, more)
  }
  describe(`directory passes in ${name}`, options, () => {
    afterEach(async () => {
      for (const database of opened.splice(0)) await database.close()
    })

    describe('a full pass', () => {
      it('brings users with rights, addresses, contacts and nested groups', async () => {
        const { directory, run, store, groupsOf } = await world({
          users: { address: 'proxyAddresses', federation: 'msRTCSIP-FederationEnabled', contacts: 'buddies' },
        })
        directory.people = [
          person('bob', {
            proxyAddresses: ['SIP:Bob@contoso.example', 'smtp:bob@contoso.example', 'sip:robert@contoso.example', 'x500:/o=x'],
            'msRTCSIP-FederationEnabled': 'FALSE',
            buddies: ['sip:Alice@fabrikam.example', 'no address'],
            memberOf: 'CN=Staff, OU=Groups, DC=contoso, DC=example',
          }),
          person('nobody', { proxyAddresses: 'smtp:nobody@contoso.example' }),
        ]
        directory.groups = [
          groupEntry('traders', [dnOf('bob')]),
          groupEntry('floor', [groupDn('traders')]),
          groupEntry('circle', [groupDn('floor'), groupDn('circle')]),
        ]
        const outcome = await run()
        assert.deepEqual([outcome.users, outcome.groups, outcome.skipped, outcome.removed], [2, 3, 1, 0])
        for (const name of ['bob', 'robert']) {
          assert.deepEqual(await groupsOf(name), ['circle', 'floor', 'staff', 'traders'].map(groupDn))
          const facts = await store.factsOfOne(`${name}@contoso.example`, 0)
          assert.equal(facts.rights.federation, false)
          assert.deepEqual([...facts.contacts.keys()], ['alice@fabrikam.example'])
        }
        assert.equal(await store.countUsers(), 2)
      })

      it('removes who is gone, and keeps what the gate has learned of others', async () => {
        const { directory, run, known, store } = await world()
        directory.people = many(100)
        await run()
        await store.transaction((writer) => writer.putContact('u1@contoso.example', 'x@fabrikam.example', 'learned', 0, 0))
        directory.people = directory.people.slice(0, 95)
        assert.equal((await run()).removed, 5)
        assert.deepEqual([await known('u94'), await known('u95')], [true, false])
        assert.equal((await store.factsOfOne('u1@contoso.example', 0)).contacts.size, 1)
      })

      it('runs alone: two at once would each take what the other saw for gone', async () => {
        const { directory, run, config, store, clock } = await world()
        directory.people = many(30)
        const again = new DirectorySync({ config, source: directory, store, nowMs: () => clock.nowMs })
        const passes = [run(), again.run({ isFull: true, acceptsDrop: false })]
        const [first, second] = await Promise.allSettled(passes)
        const refused = [first, second].filter((one) => one?.status === 'rejected')
        assert.deepEqual(
          refused.map(({ reason }) => (reason as GatewayError).code),
          ['GH-DIRECTORY-BUSY'],
        )
        assert.equal(await store.countUsers(), 30)
      })

      it('two entries with one address: the first keeps it', async () => {
        const { directory, run, store } = await world()
        directory.people = [person('a', { mail: 'same@contoso.example' }), person('b', { mail: 'same@contoso.example' })]
        assert.equal((await run()).skipped, 1)
        assert.equal((await store.holderOf('same@contoso.example', 'directory'))?.externalId, normaliseDn(dnOf('a')))
      })
    })

    describe('a directory that lies or dies removes nobody', () => {
      it('cut after any page', async () => {
        for (let pages = 0; pages < 5; pages++) {
          const { directory, run, known, groupsOf } = await world()
          directory.people = many(12)
          directory.groups = [groupEntry('g', [dnOf('u0')])]
          await run()
          directory.people = many(12).slice(0, 11)
          directory.groups = []
          directory.breaksAfterPages = pages
          if (pages < 4) await assert.rejects(run(), refusedWith('GH-DIRECTORY-AWAY'), `${pages} pages`)
          else await assert.rejects(run(), refusedWith('GH-FACTS-DROP'), 'all groups gone')
          assert.deepEqual([await known('u11'), (await groupsOf('u0')).length], [true, 1], `${pages} pages`)
        }
      })

      it('an empty answer that looks well', async () => {
        const { directory, run, known } = await world()
        directory.people = many(3)
        await run()
        directory.people = []
        await assert.rejects(run(), refusedWith('GH-FACTS-DROP'))
        assert.equal(await known('u0'), true)
      })

      it('half of the answer that looks like all of it; unless somebody says that it is', async () => {
        const { directory, run, known } = await world()
        directory.people = many(60)
        await run()
        directory.people = many(30)
        await assert.rejects(run(), refusedWith('GH-FACTS-DROP'))
        assert.equal(await known('u59'), true)
        assert.equal((await run({ acceptsDrop: true })).removed, 30)
        assert.equal(await known('u59'), false)
      })

      it('a directory that sends without end', async () => {
        const { directory, run, known } = await world({ maxUsers: 10 })
        directory.people = many(10)
        await run()
        directory.people = many(11)
        await assert.rejects(run(), refusedWith('GH-DIRECTORY-TOO-MUCH'))
        assert.equal(await known('u0'), true)
      })

      it('groups that lost all members keep them until that is plausible', async () => {
        const { directory, run, groupsOf } = await world()
        directory.people = many(20)
        directory.groups = [
          groupEntry(
            'wall',
            Array.from({ length: 20 }, (_, at) => dnOf(`u${at}`)),
          ),
        ]
        await run()
        directory.groups = [groupEntry('wall', [])]
        await assert.rejects(run(), refusedWith('GH-FACTS-DROP'))
        assert.deepEqual(await groupsOf('u7'), [groupDn('wall')])
      })
    })

    describe('an incremental pass', () => {
      it('asks for what changed only, finds changes of users and groups, and removes nobody', async () => {
        const { directory, run, known, groupsOf } = await world()
        directory.people = many(20)
        directory.groups = [groupEntry('g', [dnOf('u0'), dnOf('u1')])]
        await run()
        const later = { modifyTimestamp: '20260102000000Z' }
        directory.people = [person('new', later), person('u0', { ...later, mail: 'renamed@contoso.example' })]
        directory.groups = [entry(groupDn('g'), { member: [dnOf('u1')], ...later })]
        directory.filters.length = 0
        const outcome = await run({ isFull: false })
        assert.match(directory.filters[0] ?? '', /^\(&.*\(modifyTimestamp>=20260101000000Z\)\)$/)
        assert.deepEqual([outcome.users, outcome.groups, outcome.removed], [2, 1, 0])
        assert.deepEqual([await known('new'), await known('renamed'), await known('u0'), await known('u19')], [true, true, false, true])
        assert.deepEqual([await groupsOf('renamed'), await groupsOf('u1')], [[], [groupDn('g')]])
        await run({ isFull: false })
        assert.match(directory.filters.at(-1) ?? '', />=20260102000000Z/)
      })

      it('is a full one the first time, and after a failure begins where the last good one ended', async () => {
        const { directory, run } = await world()
        directory.people = many(6)
        assert.equal((await run({ isFull: false })).isFull, true)
        directory.people = [...many(6), person('late', { modifyTimestamp: '20260105000000Z' })]
        directory.groups = [groupEntry('g', [])]
        directory.breaksAfterPages = 3
        await assert.rejects(run())
        directory.breaksAfterPages = Number.POSITIVE_INFINITY
        directory.filters.length = 0
        await run({ isFull: false })
        assert.match(directory.filters[0] ?? '', />=20260101000000Z/)
      })

      it('a time that is none does not become part of a filter', async () => {
        const { directory, run } = await world()
        directory.people = [person('a', { modifyTimestamp: '2026)(uid=*' })]
        await run()
        directory.filters.length = 0
        assert.equal((await run({ isFull: false })).isFull, true)
      })
    })

    describe('the keeper', () => {
      it('runs one pass at a time, tells how it went, and alarms', async () => {
        const { directory, store, clock, config } = await world()
        directory.people = many(8)
        const changed: (readonly string[] | undefined)[] = []
        const sync = new DirectorySync({ config, source: directory, store, nowMs: () => clock.nowMs })
        const keeper = new DirectoryKeeper({
          sync,
          fullEveryMs: 1000,
          log: silentLogger,
          nowMs: () => clock.nowMs,
          onChanged: (users) => changed.push(users),
        })
        await Promise.all([keeper.tick(), keeper.tick(), keeper.sync({ isFull: true, acceptsDrop: false })])
        assert.deepEqual([keeper.status().state, keeper.status().users, directory.filters.length], ['idle', 8, 4])
        directory.people = []
        clock.nowMs += 1000
        await keeper.tick()
        assert.match(keeper.status().problem, /^GH-FACTS-DROP/)
        assert.equal(keeper.status().state, 'failed')
        directory.people = many(8)
        await keeper.tick()
        assert.equal(keeper.status().problem, '')
        assert.equal(changed.length, 4)
      })
    })
  })
}
