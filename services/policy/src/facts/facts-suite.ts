import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type BusReply, busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { GatewayError } from '@gatehouse/errors'
import {
  ApplyRequestSchema,
  ExplainFactsRequestSchema,
  ExplainRequestSchema,
  GetFactsRequestSchema,
  GetFactsResponseSchema,
  ImportUsersRequestSchema,
  ListQuarantineRequestSchema,
  NoteFactsRequestSchema,
  PutContactsRequestSchema,
  ReleaseQuarantineRequestSchema,
  SyncDirectoryRequestSchema,
  type UserFactsMessage,
} from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService, type PolicyService } from '../app.ts'
import type { PolicyConfig } from '../config.ts'

const BOB = 'bob@contoso.example'
const ALICE = 'alice@fabrikam.example'
const DAY_MS = 86_400_000
const as = (caller: string): { signal: AbortSignal; caller: string; remote: string } => ({
  signal: new AbortController().signal,
  caller,
  remote: '',
})
const local = as('local')

interface World {
  readonly service: PolicyService
  readonly clock: { nowMs: number }
  readonly changed: string[]
  readonly apply: (text: string) => Promise<void>
  readonly import: (users: object[], more?: object) => Promise<{ written: bigint; removed: bigint }>
  readonly facts: (user: string) => Promise<UserFactsMessage>
  readonly note: (notes: object) => Promise<void>
}

/** An empty database, or one that a test has used before. */
export type FactsPlace = Pick<PolicyConfig, 'databaseFile' | 'postgres' | 'signingKeyFile'>

async function open(place: FactsPlace): Promise<World> {
  const bus = createEmbeddedBus()
  const clock = { nowMs: 1_800_000_000_000 }
  const changed: string[] = []
  await bus.subscribe(busSubjects.factsChanged.name, ({ data }) => void changed.push(Buffer.from(data).toString()))
  const service = buildPolicyService(
    { ...place, heartbeatMs: 1000, access: [{ caller: 'audit', role: 'auditor' }], localRole: 'admin' },
    { bus, log: silentLogger, nowMs: () => clock.nowMs, every: () => () => {} },
  )
  await service.start()
  const request = (subject: string, data: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve) => {
      bus.request(subject, data, 1000, (reply: BusReply) => {
        assert.ok(reply.ok)
        resolve(reply.data)
      })
    })
  let imports = 0
  return {
    service,
    clock,
    changed,
    apply: async (text) => {
      const outcome = await service.admin.apply(create(ApplyRequestSchema, { files: [{ name: 'p.yaml', text }] }), local)
      assert.equal(outcome.applied, true, JSON.stringify(outcome.problems))
    },
    import: async (users, more = {}) => {
      const full = { importId: `i${++imports}`, users, last: true, ...more }
      const outcome = await service.facts.importUsers(create(ImportUsersRequestSchema, full), local)
      return { written: outcome.written ?? 0n, removed: outcome.removed ?? 0n }
    },
    facts: async (user) => {
      const data = toBinary(GetFactsRequestSchema, create(GetFactsRequestSchema, { users: [user] }))
      const [facts] = fromBinary(GetFactsResponseSchema, await request(busSubjects.factsGet.name, data)).facts
      assert.ok(facts !== undefined)
      return facts
    },
    note: async (notes) => {
      await request(busSubjects.factsNote.name, toBinary(NoteFactsRequestSchema, create(NoteFactsRequestSchema, notes)))
    },
  }
}

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

const POLICY =
  object('FederationSettings', 'default', '{enabled: true}') +
  object('InternalDomain', 'contoso', '{domain: contoso.example}') +
  object('Partner', 'fabrikam', '{domains: [fabrikam.example], edge: sip.fabrikam.example}') +
  object('UserSettings', 'default', '{lookUp: true, learnDays: 30, firstContact: hold, firstContactsPerPartner: 2}')

function refusedWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

async function turns(): Promise<void> {
  for (let at = 0; at < 10; at++) await new Promise((resolve) => setImmediate(resolve))
}

/** What facts have to do on every database: the same tests on each. */
export function runFactsSuite(name: string, makePlace: () => Promise<FactsPlace>, options: { readonly skip: string | false }): void {
  const world = async (): Promise<World> => open(await makePlace())
  describe(`facts in ${name}`, options, () => {
    describe('import', () => {
      it('brings users in, tells who changed, and says nothing when nothing did', async () => {
        const { service, import: importUsers, facts, changed } = await world()
        const bob = {
          user: 'Bob@Contoso.example',
          rights: { federation: false },
          groups: ['Traders'],
          contacts: [ALICE],
          safeList: ['Woodgrove.example'],
        }
        assert.deepEqual(await importUsers([bob]), { written: 1n, removed: 0n })
        const stored = await facts(BOB)
        assert.deepEqual(
          [
            stored.known,
            stored.source,
            stored.rights?.federation,
            stored.groups,
            stored.contacts.map((one) => one.address),
            stored.safeList,
          ],
          [true, 'import', false, ['traders'], [ALICE], ['woodgrove.example']],
        )
        await importUsers([bob])
        await turns()
        assert.deepEqual(changed, [`{"users":["${BOB}"]}`])
        assert.equal((await facts('nobody@contoso.example')).known, false)
        await service.stop()
      })

      it('replaces, but removes no implausible share', async () => {
        const { service, import: importUsers, facts } = await world()
        const everybody = Array.from({ length: 50 }, (_, at) => ({ user: `u${at}@contoso.example` }))
        await importUsers(everybody)
        await assert.rejects(importUsers(everybody.slice(0, 30), { replace: true }), refusedWith('GH-FACTS-DROP'))
        await assert.rejects(importUsers([], { replace: true }), refusedWith('GH-FACTS-DROP'))
        assert.equal((await facts('u49@contoso.example')).known, true)
        assert.deepEqual(await importUsers(everybody.slice(0, 45), { replace: true }), { written: 45n, removed: 5n })
        assert.equal((await facts('u49@contoso.example')).known, false)
        assert.deepEqual(await importUsers(everybody.slice(0, 1), { replace: true, maxRemovedPercent: 100 }), { written: 1n, removed: 44n })
        await service.stop()
      })

      it('takes batches in order only, and one import at a time', async () => {
        const { service, import: importUsers, clock } = await world()
        const batch = (importId: string, sequence: number, user: string, last = false): ReturnType<typeof importUsers> =>
          importUsers([{ user }], { importId, sequence, last, replace: true })
        await batch('a', 0, 'a@contoso.example')
        await assert.rejects(batch('a', 2, 'c@contoso.example'), refusedWith('GH-FACTS-IMPORT'))
        await assert.rejects(batch('b', 0, 'b@contoso.example'), refusedWith('GH-FACTS-IMPORT'))
        await assert.rejects(batch('b', 1, 'b@contoso.example'), refusedWith('GH-FACTS-IMPORT'))
        assert.deepEqual(await batch('a', 1, 'b@contoso.example', true), { written: 2n, removed: 0n })
        await assert.rejects(batch('a', 2, 'c@contoso.example'), refusedWith('GH-FACTS-IMPORT'))
        await batch('lost', 0, 'x@contoso.example')
        clock.nowMs += 120_000
        await batch('next', 0, 'y@contoso.example')
        await service.stop()
      })

      it('several services see the same facts, and take one import at a time', async () => {
        const place = await makePlace()
        const [one, two] = [await open(place), await open(place)]
        const everybody = Array.from({ length: 600 }, (_, at) => ({ user: `u${at}@contoso.example`, contacts: [ALICE] }))
        await one.import(everybody)
        assert.equal((await two.facts('u599@contoso.example')).contacts.length, 1)
        await one.import([{ user: BOB }], { importId: 'a', sequence: 0, last: false })
        await assert.rejects(two.import([{ user: BOB }], { importId: 'b', replace: true }), refusedWith('GH-FACTS-IMPORT'))
        await one.import([{ user: BOB }], { importId: 'a', sequence: 1 })
        const replaced = await two.import(everybody.slice(0, 599), { importId: 'c', replace: true })
        assert.deepEqual(replaced, { written: 599n, removed: 2n })
        assert.equal((await one.facts(BOB)).known, false)
        await Promise.all([one.service.stop(), two.service.stop()])
      })

      it('one wrong address and the batch is not taken', async () => {
        const { service, import: importUsers, facts } = await world()
        await assert.rejects(importUsers([{ user: BOB }, { user: 'no address' }]), refusedWith('GH-FACTS-ADDRESS'))
        assert.equal((await facts(BOB)).known, false)
        await service.stop()
      })

      it('is still there after a restart', async () => {
        const place = await makePlace()
        const first = await open(place)
        await first.import([{ user: BOB, groups: ['g'] }])
        await first.service.stop()
        const second = await open(place)
        assert.deepEqual((await second.facts(BOB)).groups, ['g'])
        await second.service.stop()
      })
    })

    describe('learned contacts', () => {
      it('count for the days of the policy, are renewed, and only when policy learns', async () => {
        const { service, apply, note, facts, clock, changed } = await world()
        const learned = [{ user: BOB, contact: ALICE, atMs: BigInt(clock.nowMs) }]
        await note({ learned })
        assert.deepEqual((await facts(BOB)).contacts, [])
        await apply(POLICY)
        await note({ learned })
        assert.deepEqual(
          (await facts(BOB)).contacts.map((one) => [one.address, Number(one.expiresMs) - clock.nowMs]),
          [[ALICE, 30 * DAY_MS]],
        )
        clock.nowMs += 29 * DAY_MS
        await note({ learned: [{ ...learned[0], atMs: BigInt(clock.nowMs) }] })
        clock.nowMs += 29 * DAY_MS
        assert.equal((await facts(BOB)).contacts.length, 1)
        clock.nowMs += DAY_MS
        assert.equal((await facts(BOB)).contacts.length, 0)
        await turns()
        assert.equal(changed.length, 2)
        await service.stop()
      })

      it('a clock that is ahead makes none that last for years', async () => {
        const { service, apply, note, facts, clock } = await world()
        await apply(POLICY)
        await note({ learned: [{ user: BOB, contact: ALICE, atMs: BigInt(clock.nowMs + 9_000 * DAY_MS) }] })
        assert.ok(Number((await facts(BOB)).contacts[0]?.expiresMs) <= clock.nowMs + 31 * DAY_MS)
        await service.stop()
      })
    })

    describe('first contacts', () => {
      const held = (contact: string, partner = 'fabrikam', user = BOB): object => ({
        user,
        contact,
        partner,
        atMs: 5n,
        envelopeId: new Uint8Array([1]),
      })

      it('are listed, counted, released into a contact, and gone', async () => {
        const { service, apply, note, facts, changed } = await world()
        await apply(POLICY)
        await note({ held: [held(ALICE), held(ALICE)] })
        const list = await service.facts.listQuarantine(create(ListQuarantineRequestSchema, {}), local)
        assert.deepEqual(
          list.entries?.map(({ contact, messages }) => [contact, messages]),
          [[ALICE, 2]],
        )
        const id = list.entries?.[0]?.id ?? 0n
        const outcome = await service.facts.releaseQuarantine(create(ReleaseQuarantineRequestSchema, { ids: [id, 99n] }), local)
        assert.deepEqual([outcome.released?.length, outcome.unknown], [1, [99n]])
        assert.deepEqual(
          (await facts(BOB)).contacts.map(({ address, expiresMs }) => [address, expiresMs]),
          [[ALICE, 0n]],
        )
        await turns()
        assert.deepEqual(changed, [`{"users":["${BOB}"]}`])
        assert.deepEqual((await service.facts.listQuarantine(create(ListQuarantineRequestSchema, {}), local)).entries, [])
        await note({ held: [held('eve@fabrikam.example')] })
        const next = await service.facts.listQuarantine(create(ListQuarantineRequestSchema, { user: BOB }), local)
        assert.ok((next.entries?.[0]?.id ?? 0n) > id, 'numbers are not given twice')
        await service.stop()
      })

      it('each partner has a budget of open ones', async () => {
        const { service, apply, note } = await world()
        await apply(POLICY)
        await note({ held: ['a', 'b', 'c'].map((name) => held(`${name}@fabrikam.example`)) })
        await note({ held: [held('x@woodgrove.example', 'woodgrove')] })
        const list = await service.facts.listQuarantine(create(ListQuarantineRequestSchema, {}), local)
        assert.deepEqual(
          list.entries?.map(({ contact }) => contact),
          ['a@fabrikam.example', 'b@fabrikam.example', 'x@woodgrove.example'],
        )
        assert.deepEqual(list.fullPartners, ['fabrikam'])
        await service.stop()
      })
    })

    describe('explain and roles', () => {
      it('users show says each right and who says so; explain decides with the same facts', async () => {
        const { service, apply, import: importUsers } = await world()
        await apply(POLICY + object('Group', 'traders', '{federation: false}'))
        await importUsers([{ user: BOB, groups: ['traders'], contacts: [ALICE] }])
        const shown = await service.facts.explainFacts(create(ExplainFactsRequestSchema, { user: BOB }), local)
        assert.deepEqual(shown.rights?.find(({ right }) => right === 'federation')?.source, 'Group/traders')
        assert.deepEqual(
          shown.contacts?.map(({ address, origin }) => [address, origin]),
          [[ALICE, 'imported']],
        )
        const question = { fromAddress: ALICE, toAddress: BOB }
        const explained = await service.decision.explain(create(ExplainRequestSchema, { question }))
        assert.equal(explained.decision?.code, 'GH-POLICY-RECIPIENT-FEDERATION')
        await service.stop()
      })

      it('contacts can be put and taken away', async () => {
        const { service, facts } = await world()
        const put = (more: object): Promise<{ added?: number; removed?: number }> =>
          service.facts.putContacts(create(PutContactsRequestSchema, { user: BOB, ...more }), local)
        assert.equal((await put({ contacts: [{ address: 'ALICE@fabrikam.example' }] })).added, 1)
        assert.equal((await facts(BOB)).contacts[0]?.address, ALICE)
        assert.equal((await put({ remove: [ALICE] })).removed, 1)
        assert.deepEqual((await facts(BOB)).contacts, [])
        await service.stop()
      })

      it('an auditor reads and changes nothing; without a directory there is nothing to read', async () => {
        const { service } = await world()
        await service.facts.listQuarantine(create(ListQuarantineRequestSchema, {}), as('audit'))
        const imported = service.facts.importUsers(create(ImportUsersRequestSchema, { importId: 'a', last: true }), as('audit'))
        await assert.rejects(imported, refusedWith('GH-ACCESS-ROLE'))
        await assert.rejects(
          service.facts.listQuarantine(create(ListQuarantineRequestSchema, {}), as('mallory')),
          refusedWith('GH-ACCESS-UNKNOWN'),
        )
        await assert.rejects(service.facts.syncDirectory(create(SyncDirectoryRequestSchema, {}), local), refusedWith('GH-DIRECTORY-OFF'))
        await service.stop()
      })
    })
  })
}
