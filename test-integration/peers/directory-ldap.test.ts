import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { createEmbeddedBus } from '@gatehouse/bus'
import { GatewayError } from '@gatehouse/errors'
import { Authority } from '@gatehouse/lab'
import { buildPolicyService, directoryConfig, type PolicyService } from '@gatehouse/policy'
import { GetFactsRequestSchema, SyncDirectoryRequestSchema, type UserFactsMessage } from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { issueFiles } from '../peers-kit/certificates.ts'
import { CuttingProxy } from '../peers-kit/cutting-proxy.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { LDAP_BASE, LDAP_PASSWORD, ldapSkeleton, type RunningLdap, startOpenLdap } from '../peers-kit/open-ldap.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'

const context = { signal: new AbortController().signal, caller: 'local', remote: '' }
/** More than the server hands out without paging (sizelimit 50). */
const PEOPLE = 120

const dnOf = (name: string): string => `uid=${name},ou=people,${LDAP_BASE}`
const groupDn = (name: string): string => `cn=${name},ou=groups,${LDAP_BASE}`

function person(name: string): string {
  return `dn: ${dnOf(name)}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: ${name}\nmail: ${name}@contoso.example\n`
}

function group(name: string, members: readonly string[]): string {
  return `dn: ${groupDn(name)}\nobjectClass: groupOfNames\ncn: ${name}\n${members.map((member) => `member: ${member}\n`).join('')}`
}

interface World {
  readonly ldap: RunningLdap
  /** Base configuration of a directory; the caller adds how to get there. */
  readonly base: object
  readonly caFile: string
  readonly service: (more: object) => Promise<PolicyService>
}

async function world(rack: PeerRack): Promise<World> {
  const authority = Authority.create({ name: 'Contoso CA' })
  const files = issueFiles(rack.path('tls'), authority, 'ldap.contoso.example')
  const ldap = rack.add(await startOpenLdap(rack.path('ldap'), files))
  await ldap.add([ldapSkeleton(), ...Array.from({ length: PEOPLE }, (_, at) => person(`u${at}`))].join('\n'))
  await nextSecond()
  await ldap.add([group('traders', [dnOf('u1'), dnOf('u2')]), group('floor', [groupDn('traders'), dnOf('u3')])].join('\n'))
  const passwordFile = `${rack.path('tls')}/password`
  writeFileSync(passwordFile, `${LDAP_PASSWORD}\n`)
  const base = { base: LDAP_BASE, bindDn: `cn=reader,${LDAP_BASE}`, bindPasswordFile: passwordFile, pageSize: 25, timeoutMs: 1000 }
  let services = 0
  return {
    ldap,
    base,
    caFile: files.caFile,
    service: async (more) => {
      const config = {
        databaseFile: `${rack.path('tls')}/policy-${++services}.db`,
        heartbeatMs: 60_000,
        access: [],
        localRole: 'admin' as const,
        directory: directoryConfig.parse({ ...base, ...more }),
      }
      const service = buildPolicyService(config, { bus: createEmbeddedBus(), log: silentLogger, every: () => () => {} })
      await service.start()
      rack.onStop(() => service.stop())
      return service
    },
  }
}

/** modifyTimestamp has whole seconds, and what changed in the newest one is asked for again. */
function nextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_100))
}

async function sync(service: PolicyService, more: { full?: boolean; acceptDrop?: boolean } = {}): Promise<readonly bigint[]> {
  const outcome = await service.facts.syncDirectory(create(SyncDirectoryRequestSchema, more), context)
  return [outcome.users ?? 0n, outcome.groups ?? 0n, outcome.removed ?? 0n]
}

async function factsOf(service: PolicyService, name: string): Promise<UserFactsMessage> {
  const response = await service.facts.getFacts(create(GetFactsRequestSchema, { users: [`${name}@contoso.example`] }), context)
  return response.facts?.[0] as UserFactsMessage
}

async function countKnown(service: PolicyService): Promise<number> {
  const users = Array.from({ length: PEOPLE }, (_, at) => `u${at}@contoso.example`)
  const response = await service.facts.getFacts(create(GetFactsRequestSchema, { users }), context)
  return (response.facts as UserFactsMessage[]).filter((facts) => facts.known).length
}

function refusedWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

test(
  'users and nested groups of a real OpenLDAP, over ldaps and StartTLS, paged, then what changed',
  { skip: skipWithout('slapd', 'ldapadd', 'ldapmodify') },
  withRack('directory-ldap', async (rack) => {
    const { ldap, service: start, caFile } = await world(rack)
    const tls = { caFile, serverName: 'ldap.contoso.example' }
    for (const how of [{ url: `ldaps://127.0.0.1:${ldap.tlsPort}` }, { url: `ldap://127.0.0.1:${ldap.port}`, startTls: true }]) {
      const one = await start({ ...tls, ...how })
      assert.deepEqual(await sync(one, { full: true }), [BigInt(PEOPLE), 2n, 0n])
      assert.deepEqual((await factsOf(one, 'u1')).groups.toSorted(), [groupDn('floor'), groupDn('traders')])
      assert.deepEqual((await factsOf(one, 'u3')).groups, [groupDn('floor')])
    }
    const wrongName = await start({ caFile, url: `ldaps://127.0.0.1:${ldap.tlsPort}`, serverName: 'other.contoso.example' })
    await assert.rejects(sync(wrongName), refusedWith('GH-DIRECTORY-AWAY'))

    const service = await start({ url: `ldap://127.0.0.1:${ldap.port}` })
    await sync(service, { full: true })
    await nextSecond()
    await ldap.add(person('late'))
    await ldap.modify(
      `dn: ${dnOf('u5')}\nchangetype: modify\nreplace: mail\nmail: renamed@contoso.example\n\ndn: ${groupDn('traders')}\nchangetype: modify\ndelete: member\nmember: ${dnOf('u2')}\n`,
    )
    const [users = 0n, groups = 0n] = await sync(service)
    assert.ok(users >= 2n && users < BigInt(PEOPLE), `${users} users asked for`)
    assert.ok(groups >= 1n)
    assert.deepEqual(
      [(await factsOf(service, 'late')).known, (await factsOf(service, 'renamed')).known, (await factsOf(service, 'u5')).known],
      [true, true, false],
    )
    assert.deepEqual((await factsOf(service, 'u2')).groups, [])
    await ldap.modify(`dn: ${dnOf('u7')}\nchangetype: delete\n`)
    await sync(service)
    assert.equal((await factsOf(service, 'u7')).known, true, 'only a full pass removes')
    assert.deepEqual((await sync(service, { full: true })).at(2), 1n)
    assert.equal((await factsOf(service, 'u7')).known, false)
  }),
)

test(
  'a directory that is cut, slow, short, blind or dead removes nobody',
  { skip: skipWithout('slapd', 'ldapadd', 'ldapmodify') },
  withRack('directory-faults', async (rack) => {
    const { ldap, service: start } = await world(rack)
    const proxy = new CuttingProxy(ldap.port)
    const url = `ldap://127.0.0.1:${await proxy.start()}`
    rack.onStop(() => proxy.stop())
    const service = await start({ url })
    await sync(service, { full: true })
    assert.equal(await countKnown(service), PEOPLE)

    for (const how of ['close', 'stall'] as const) {
      for (const afterBytes of how === 'close' ? [0, 20, 3_000, 9_000, 15_000] : [20, 9_000]) {
        proxy.plan = { afterBytes, how }
        await assert.rejects(sync(service, { full: true }), refusedWith('GH-DIRECTORY-AWAY'), `${how} after ${afterBytes} bytes`)
        assert.equal(await countKnown(service), PEOPLE, `${how} after ${afterBytes} bytes`)
      }
    }
    const status = service.health().checks.find((check) => check.name === 'directory')
    assert.ok(status?.isOk === false && status.detail.startsWith('GH-DIRECTORY-AWAY'))
    proxy.plan = { afterBytes: Number.POSITIVE_INFINITY, how: 'close' }
    await sync(service, { full: true })
    assert.equal(service.health().checks.find((check) => check.name === 'directory')?.isOk, true)

    // an empty answer without an error: a filter that finds nothing, as an account without rights would see it
    await ldap.modify(Array.from({ length: PEOPLE }, (_, at) => `dn: ${dnOf(`u${at}`)}\nchangetype: modify\ndelete: mail\n`).join('\n'))
    await assert.rejects(sync(service, { full: true }), refusedWith('GH-FACTS-DROP'))
    assert.equal(await countKnown(service), PEOPLE)
    assert.deepEqual((await sync(service, { acceptDrop: true })).at(2), BigInt(PEOPLE))

    await ldap.stop()
    await assert.rejects(sync(service, { full: true }), refusedWith('GH-DIRECTORY-AWAY'))
  }),
)

test(
  'an account that may not read to the end, or not at all, fails the pass',
  { skip: skipWithout('slapd', 'ldapadd', 'ldapmodify') },
  withRack('directory-accounts', async (rack) => {
    const { ldap, service: start } = await world(rack)
    const url = `ldap://127.0.0.1:${ldap.port}`
    const short = await start({ url, bindDn: `cn=short,${LDAP_BASE}`, pageSize: 10 })
    await assert.rejects(sync(short, { full: true }), refusedWith('GH-DIRECTORY-AWAY'))
    const blind = await start({ url, bindDn: `cn=blind,${LDAP_BASE}` })
    await assert.rejects(sync(blind, { full: true }), refusedWith('GH-DIRECTORY-AWAY'))
    const nobody = await start({ url, bindDn: `cn=nobody,${LDAP_BASE}` })
    await assert.rejects(sync(nobody, { full: true }), refusedWith('GH-DIRECTORY-CREDENTIALS'))
  }),
)
