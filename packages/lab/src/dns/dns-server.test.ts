import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { after, before, test } from 'node:test'
import { DnsServer } from './dns-server.ts'

const server = new DnsServer()
const resolver = new Resolver({ timeout: 200, tries: 1 })

before(async () => {
  await server.start()
  resolver.setServers([server.server])
})
after(() => server.stop())

test('answers SRV, A and AAAA, and sees changes at once', async () => {
  server.zone.setFederation('fabrikam.example', [{ host: 'sip.fabrikam.example', port: 5061, priority: 10, weight: 5 }])
  server.zone.setAddresses('sip.fabrikam.example', ['127.0.0.2', '::1'], 30)
  const [srv] = await resolver.resolveSrv('_sipfederationtls._tcp.Fabrikam.Example')
  assert.equal(srv?.name, 'sip.fabrikam.example')
  assert.deepEqual([srv?.port, srv?.priority, srv?.weight], [5061, 10, 5])
  assert.deepEqual(await resolver.resolve4('sip.fabrikam.example', { ttl: true }), [{ address: '127.0.0.2', ttl: 30 }])
  assert.deepEqual(await resolver.resolve6('sip.fabrikam.example'), ['::1'])
  server.zone.setAddresses('sip.fabrikam.example', ['127.0.0.3'])
  assert.deepEqual(await resolver.resolve4('sip.fabrikam.example'), ['127.0.0.3'])
  await assert.rejects(resolver.resolve6('sip.fabrikam.example'), { code: 'ENODATA' })
})

test('faults: NXDOMAIN, SERVFAIL, REFUSED, silence, and healing', async () => {
  await assert.rejects(resolver.resolve4('nobody.example.org'), { code: 'ENOTFOUND' })
  server.zone.setAddresses('host.example.org', ['127.0.0.1'])
  server.zone.setFault('host.example.org', 'servfail')
  await assert.rejects(resolver.resolve4('host.example.org'), { code: 'ESERVFAIL' })
  server.zone.setFault('host.example.org', 'refused')
  await assert.rejects(resolver.resolve4('host.example.org'), { code: 'EREFUSED' })
  server.zone.setFault('host.example.org', 'silence')
  await assert.rejects(resolver.resolve4('host.example.org'), { code: 'ETIMEOUT' })
  server.zone.setFault('host.example.org', undefined)
  assert.deepEqual(await resolver.resolve4('host.example.org'), ['127.0.0.1'])
  server.zone.remove('host.example.org')
  await assert.rejects(resolver.resolve4('host.example.org'), { code: 'ENOTFOUND' })
})

test('an answer too long for UDP comes over TCP', async () => {
  const targets = Array.from({ length: 60 }, (_, index) => ({ host: `edge-number-${index}.many.example.org`, port: 5061 }))
  server.zone.setFederation('many.example.org', targets)
  const found = await resolver.resolveSrv('_sipfederationtls._tcp.many.example.org')
  assert.equal(found.length, 60)
  assert.ok(server.queries.some((query) => query.transport === 'tcp' && query.type === 'SRV'))
})

test('an alias is given with what it stands for', async () => {
  server.zone.setAlias('alias.example.org', 'real.example.org')
  server.zone.setAddresses('real.example.org', ['127.0.0.4'])
  assert.deepEqual(await resolver.resolveCname('alias.example.org'), ['real.example.org'])
  assert.deepEqual(await resolver.resolve4('alias.example.org'), ['127.0.0.4'])
  await assert.rejects(resolver.resolveCname('real.example.org'), { code: 'ENODATA' })
})
