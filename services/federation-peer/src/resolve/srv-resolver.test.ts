import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { DnsServer } from '@gatehouse/lab'
import type { SrvEvidence } from '@gatehouse/policy-engine'

import type { DnsClient } from './dns-client.ts'
import { createDnsClient } from './dns-client.ts'
import { SrvResolver } from './srv-resolver.ts'

const server = new DnsServer()
let nowMs = 0

before(() => server.start())
after(() => server.stop())

function resolverOver(dns: DnsClient, options = {}): SrvResolver {
  return new SrvResolver({ dns, nowMs: () => nowMs, options })
}

function real(): SrvResolver {
  return resolverOver(createDnsClient({ servers: [server.server], timeoutMs: 200, tries: 1 }))
}

function srvOf(resolver: SrvResolver, domain: string): Promise<SrvEvidence> {
  return new Promise((resolve) => resolver.lookupSrv(domain, resolve))
}

function addressesOf(resolver: SrvResolver, host: string): Promise<{ addresses: readonly string[]; failure: string }> {
  return new Promise((resolve) => resolver.addresses(host, (addresses, failure) => resolve({ addresses, failure })))
}

test('finds the federation record, keeps it for its lifetime and not longer', async () => {
  const resolver = real()
  server.zone.setFederation('fabrikam.example', [{ host: 'SIP.fabrikam.example', port: 5061, priority: 1, weight: 2 }])
  assert.equal(resolver.srv('fabrikam.example'), undefined)
  const expected: SrvEvidence = { status: 'found', targets: [{ host: 'sip.fabrikam.example', port: 5061, priority: 1, weight: 2 }] }
  assert.deepEqual(await srvOf(resolver, 'Fabrikam.Example.'), expected)
  assert.deepEqual(resolver.srv('fabrikam.example'), expected)
  const asked = server.queries.length
  assert.deepEqual(await srvOf(resolver, 'fabrikam.example'), expected)
  assert.equal(server.queries.length, asked)
  nowMs += 60_000
  assert.equal(resolver.srv('fabrikam.example'), undefined)
})

test('tells "there is none" from "nobody knows"', async () => {
  const resolver = real()
  assert.deepEqual(await srvOf(resolver, 'nobody.example.org'), {
    status: 'none',
    detail: 'GH-RESOLVE-NONE _sipfederationtls._tcp.nobody.example.org',
  })
  server.zone.setFault('_sipfederationtls._tcp.broken.example.org', 'servfail')
  server.zone.setFault('_sipfederationtls._tcp.mute.example.org', 'silence')
  const broken = await srvOf(resolver, 'broken.example.org')
  const mute = await srvOf(resolver, 'mute.example.org')
  assert.deepEqual([broken.status, mute.status], ['failed', 'failed'])
  assert.match((broken as { detail: string }).detail, /^GH-RESOLVE-FAILED .*ESERVFAIL$/)
  assert.match((mute as { detail: string }).detail, /^GH-RESOLVE-TIMEOUT /)
  server.zone.setFault('_sipfederationtls._tcp.broken.example.org', undefined)
  server.zone.setFederation('broken.example.org', [{ host: 'sip.broken.example.org', port: 5061 }])
  nowMs += 5_000
  assert.equal((await srvOf(resolver, 'broken.example.org')).status, 'found')
})

test('records that name no host are no records', async () => {
  const records = [
    { name: '.', port: 5061, priority: 0, weight: 0 },
    { name: '', port: 5061, priority: 0, weight: 0 },
    { name: 'two words.example.org', port: 5061, priority: 0, weight: 0 },
    { name: 'sip.example.org', port: 0, priority: 0, weight: 0 },
  ]
  const resolver = resolverOver({ srv: async () => records, ipv4: async () => [], ipv6: async () => [] })
  assert.deepEqual(await srvOf(resolver, 'example.org'), {
    status: 'none',
    detail: 'GH-RESOLVE-UNUSABLE _sipfederationtls._tcp.example.org',
  })
  assert.equal((await srvOf(resolver, 'not a domain')).status, 'none')
  assert.equal(resolver.srv('..')?.status, 'none')
})

test('addresses: both families in the wanted order, one family failing is no failure', async () => {
  const resolver = real()
  server.zone.setAddresses('sip.fabrikam.example', ['127.0.0.2', '127.0.0.3', '::1'], 1)
  assert.deepEqual(await addressesOf(resolver, 'sip.fabrikam.example'), { addresses: ['127.0.0.2', '127.0.0.3', '::1'], failure: '' })
  server.zone.setAddresses('sip.fabrikam.example', ['127.0.0.4'])
  nowMs += 999
  assert.equal((await addressesOf(resolver, 'sip.fabrikam.example')).addresses.length, 3)
  nowMs += 1
  assert.deepEqual((await addressesOf(resolver, 'sip.fabrikam.example')).addresses, ['127.0.0.4'])
  assert.deepEqual(await addressesOf(resolver, 'gone.example.org'), { addresses: [], failure: 'GH-RESOLVE-NONE gone.example.org' })
})

test('one lookup serves all who wait, and lookups are bounded', async () => {
  let asked = 0
  const answers: (() => void)[] = []
  const srv = (): Promise<never[]> => {
    asked += 1
    return new Promise((resolve) => answers.push(() => resolve([])))
  }
  const resolver = resolverOver({ srv, ipv4: async () => [], ipv6: async () => [] }, { maxInFlight: 2, maxWaiting: 4 })
  const statuses: string[] = []
  const note = (evidence: SrvEvidence): void =>
    void statuses.push(`${evidence.status} ${(evidence as { detail: string }).detail.split(' ')[0]}`)
  for (let index = 0; index < 3; index += 1) resolver.lookupSrv('a.example.org', note)
  resolver.lookupSrv('b.example.org', note)
  assert.equal(asked, 2)
  assert.deepEqual(statuses, [])
  resolver.lookupSrv('c.example.org', note)
  resolver.lookupSrv('a.example.org', note)
  assert.deepEqual(statuses, ['failed GH-RESOLVE-BUSY', 'failed GH-RESOLVE-BUSY'])
  for (const answer of answers) answer()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(statuses.length, 6)
  assert.equal(statuses.filter((status) => status === 'none GH-RESOLVE-UNUSABLE').length, 4)
})

test('the cache is bounded: the oldest answer goes first', async () => {
  const resolver = resolverOver(
    {
      srv: async (name) => [{ name: name.replace('_sipfederationtls._tcp.', 'sip.'), port: 5061, priority: 0, weight: 0 }],
      ipv4: async () => [],
      ipv6: async () => [],
    },
    { maxEntries: 2 },
  )
  for (const domain of ['a.example.org', 'b.example.org', 'c.example.org']) await srvOf(resolver, domain)
  assert.equal(resolver.srv('a.example.org'), undefined)
  assert.equal(resolver.srv('c.example.org')?.status, 'found')
  resolver.flush()
  assert.equal(resolver.srv('c.example.org'), undefined)
})
