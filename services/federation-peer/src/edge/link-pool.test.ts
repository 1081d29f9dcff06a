import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Authority, selfSigned } from '@gatehouse/lab'

import type { EdgeConnection, LinkFailure } from './connection.ts'
import { EdgeFixture, onceOf } from './testing/edge-fixture.ts'
import { closedPort, LinkFixture, muteServer, PartnerServer } from './testing/link-fixture.ts'

type Options = ConstructorParameters<typeof LinkFixture>

async function withPartner(options: Options, run: (fixture: LinkFixture, partner: PartnerServer) => Promise<void>): Promise<void> {
  const fixture = new LinkFixture(...options)
  const partner = await new PartnerServer(EdgeFixture.partner).start()
  try {
    await run(fixture, partner)
  } finally {
    await partner.stop()
    await fixture.stop()
  }
}

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('the first request waits for the link, the next one has it at once; our certificate and the server name are shown', () =>
  withPartner([], async (fixture, partner) => {
    const target = fixture.target(partner.port)
    const link = await fixture.link(target)
    assert.equal(link.isDialed, true)
    assert.equal(link.dialedKey, 'fabrikam')
    assert.equal(link.peer.names.dns[0], 'sip.fabrikam.example')
    let again: EdgeConnection | undefined
    fixture.pool.acquire(
      target,
      (ready) => {
        again = ready
      },
      () => assert.fail('failed'),
    )
    assert.equal(again, link)
    link.write('over', undefined)
    const server = await partner.socket(0)
    assert.equal(String(await onceOf(server, 'data')), 'over')
    assert.equal(server.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase(), EdgeFixture.own.fingerprint)
    assert.equal((server as unknown as { servername: string }).servername, 'sip.fabrikam.example')
    const [state] = fixture.pool.states()
    assert.deepEqual(
      [state?.state, state?.name, state?.links.length, state?.links[0]?.host],
      ['up', 'sip.fabrikam.example', 1, 'sip.fabrikam.example'],
    )
  }))

test('all who wait share one dial', () =>
  withPartner([], async (fixture, partner) => {
    const target = fixture.target(partner.port)
    const links = await Promise.all([fixture.link(target), fixture.link(target), fixture.link(target)])
    assert.equal(new Set(links).size, 1)
    await partner.socket(0)
    await turns()
    assert.equal(partner.sockets.length, 1)
  }))

test('the wrong name, trust store, key or issuer: refused with its own code, and no retry for those who wait', async () => {
  const cases: [string, ReturnType<typeof selfSigned>, Partial<ReturnType<LinkFixture['target']>['expect']>][] = [
    ['GH-EDGE-LINK-NAME', EdgeFixture.intermediate.issue({ dns: ['sip.other.example'] }), {}],
    ['GH-EDGE-LINK-NAME', EdgeFixture.intermediate.issue({ dns: ['*.fabrikam.example'] }), {}],
    ['GH-EDGE-LINK-TRUST-STORE', EdgeFixture.partner, { trust: ['partners-only'] }],
    ['GH-EDGE-LINK-PIN', EdgeFixture.partner, { pins: ['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='] }],
    ['GH-EDGE-LINK-UNTRUSTED', Authority.create({ name: 'Unknown' }).issue({ dns: ['sip.fabrikam.example'] }), {}],
    ['GH-EDGE-LINK-UNTRUSTED', selfSigned({ dns: ['sip.fabrikam.example'] }), {}],
  ]
  for (const [code, issued, expect] of cases) {
    const fixture = new LinkFixture()
    const partner = await new PartnerServer(issued).start()
    const base = fixture.target(partner.port)
    const target = { ...base, expect: { ...base.expect, ...expect } }
    const failure = await fixture.failure(target)
    assert.equal(failure.code, code)
    assert.equal(failure.status, 504)
    assert.equal(fixture.handler.opened.length, 0)
    assert.equal((await fixture.failure(target)).code, code, 'told again at once while in back-off')
    assert.equal(fixture.metrics.dialFailures.length, 1)
    await partner.stop()
    await fixture.stop()
  }
})

test('SRV: the first target that answers as the right one; those that failed are tried last', async () => {
  const fixture = new LinkFixture({ idleTimeoutMs: 1 })
  const wrong = await new PartnerServer(EdgeFixture.intermediate.issue({ dns: ['sip.other.example'] })).start()
  const right = await new PartnerServer(EdgeFixture.intermediate.issue({ dns: ['c.fabrikam.example'] })).start()
  const dead = await closedPort()
  const targets = ['a', 'b', 'c'].map((label, index) => ({
    host: `${label}.fabrikam.example`,
    port: [dead, wrong.port, right.port][index] as number,
    priority: index,
    weight: 0,
  }))
  for (const { host } of targets) fixture.resolver.hosts.set(host, ['127.0.0.1'])
  fixture.resolver.srv.set('fabrikam.example', { status: 'found', targets })
  const expect = { names: [], trust: [], pins: [] }
  const target = fixture.target(0, { key: 'srv', edgeHost: undefined, srvDomain: 'fabrikam.example', sameDomainRule: true, expect })
  const link = await fixture.link(target)
  assert.equal(link.remote.port, right.port)
  assert.deepEqual(fixture.metrics.dialFailures, ['GH-EDGE-LINK-CONNECT', 'GH-EDGE-LINK-NAME'])
  fixture.pool.close('srv', 'test-over')
  await fixture.handler.closedReason(link)
  assert.equal((await fixture.link(target)).remote.port, right.port)
  assert.equal(fixture.metrics.dialFailures.length, 2, 'the failed targets were not tried first again')
  await wrong.stop()
  await right.stop()
  await fixture.stop()
})

test('SRV: no record, no answer, and a host outside the domain', async () => {
  const fixture = new LinkFixture()
  const expect = { names: [], trust: [], pins: [] }
  const target = (domain: string, sameDomainRule = true): ReturnType<LinkFixture['target']> =>
    fixture.target(0, { key: domain, edgeHost: undefined, srvDomain: domain, sameDomainRule, expect })
  fixture.resolver.srv.set('mute.example', { status: 'failed', detail: 'GH-RESOLVE-TIMEOUT' })
  const elsewhere = ['sip.attacker.example', 'sip.sub.moved.example', 'moved.example.attacker.example', 'xmoved.example'].map((host) => ({
    host,
    port: 5061,
    priority: 0,
    weight: 0,
  }))
  fixture.resolver.srv.set('moved.example', { status: 'found', targets: elsewhere })
  assert.equal((await fixture.failure(target('nobody.example'))).code, 'GH-EDGE-LINK-NO-RECORD')
  assert.equal((await fixture.failure(target('moved.example'))).code, 'GH-EDGE-LINK-DOMAIN-RULE')
  const waiting = fixture.failure(target('mute.example'))
  fixture.clock.advance(5_000)
  assert.equal((await waiting).code, 'GH-EDGE-LINK-DNS')
  await fixture.stop()
})

test('without the same-domain rule the certificate has to carry the domain itself', async () => {
  const fixture = new LinkFixture()
  const host = await new PartnerServer(EdgeFixture.intermediate.issue({ dns: ['edge.hoster.example'] })).start()
  const domain = await new PartnerServer(EdgeFixture.intermediate.issue({ dns: ['edge.hoster.example', 'fabrikam.example'] })).start()
  fixture.resolver.hosts.set('edge.hoster.example', ['127.0.0.1'])
  const toPort = (port: number): ReturnType<LinkFixture['target']> => {
    fixture.resolver.srv.set('fabrikam.example', {
      status: 'found',
      targets: [{ host: 'edge.hoster.example', port, priority: 0, weight: 0 }],
    })
    return fixture.target(0, {
      key: `srv${port}`,
      edgeHost: undefined,
      srvDomain: 'fabrikam.example',
      expect: { names: [], trust: [], pins: [] },
    })
  }
  assert.equal((await fixture.failure(toPort(host.port))).code, 'GH-EDGE-LINK-NAME')
  assert.equal((await fixture.link(toPort(domain.port))).isOpen, true)
  await host.stop()
  await domain.stop()
  await fixture.stop()
})

test('every address of a host is tried', () =>
  withPartner([], async (fixture, partner) => {
    fixture.resolver.hosts.set('sip.fabrikam.example', ['127.0.0.9', '127.0.0.1'])
    assert.equal((await fixture.link(fixture.target(partner.port))).remote.address, '127.0.0.1')
    assert.deepEqual(fixture.metrics.dialFailures, ['GH-EDGE-LINK-CONNECT'])
  }))

test('back-off doubles with jitter, requests that it would keep waiting too long are told at once', async () => {
  const fixture = new LinkFixture({ backOffBaseMs: 1_000, backOffCapMs: 60_000 })
  const target = fixture.target(await closedPort())
  const delays: number[] = []
  const waiting = fixture.failure(target)
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    while (fixture.metrics.dialFailures.length < attempt) await turns(1)
    await turns(2)
    const [state] = fixture.pool.states()
    assert.equal(state?.failures, attempt)
    delays.push((state?.nextAttemptAtMs ?? 0) - fixture.clock.nowMs())
    if (attempt === 1) assert.equal(state?.state, 'backoff')
    fixture.clock.advance(delays.at(-1) ?? 0)
    if (attempt >= 3) void fixture.acquire(target)
  }
  assert.deepEqual(delays, [750, 1_500, 3_000, 6_000, 12_000])
  assert.equal((await waiting).code, 'GH-EDGE-LINK-CONNECT')
  while (fixture.metrics.dialFailures.length < 6) await turns(1)
  await turns(2)
  assert.equal((await fixture.failure(target)).code, 'GH-EDGE-LINK-CONNECT')
  assert.equal(fixture.metrics.dialFailures.length, 6)
  await fixture.stop()
})

test('a partner that comes back serves those who still wait', async () => {
  const fixture = new LinkFixture()
  const partner = new PartnerServer(EdgeFixture.partner)
  fixture.resolver.hosts.set('sip.fabrikam.example', [])
  const target = fixture.target(0)
  const waiting = fixture.link({ ...target, edgePort: await closedPort() })
  await partner.start()
  fixture.resolver.hosts.set('sip.fabrikam.example', ['127.0.0.1'])
  const later = fixture.link({ ...target, edgePort: partner.port })
  while (fixture.metrics.dialFailures.length === 0 && fixture.pool.states()[0]?.failures === 0) await turns(1)
  fixture.clock.advance(600)
  assert.equal((await waiting).isOpen, true)
  assert.equal(await later, await waiting)
  await partner.stop()
  await fixture.stop()
})

test('waiting is bounded in number and time', async () => {
  const fixture = new LinkFixture({ maxWaitingPerKey: 2, connectTimeoutMs: 60_000 })
  const mute = await muteServer()
  const target = fixture.target(mute.port)
  const waiting = [fixture.failure(target), fixture.failure(target)]
  const full = await fixture.failure(target)
  assert.deepEqual([full.code, full.status], ['GH-EDGE-LINK-QUEUE-FULL', 503])
  fixture.clock.advance(3_500)
  assert.equal(fixture.pool.states()[0]?.waiting, 2)
  fixture.clock.advance(1_500)
  assert.deepEqual(
    (await Promise.all(waiting)).map((failure: LinkFailure) => failure.code),
    ['GH-EDGE-LINK-WAIT', 'GH-EDGE-LINK-WAIT'],
  )
  await fixture.stop()
  await mute.stop()
})

test('a server that accepts and says nothing is a failed handshake', async () => {
  const fixture = new LinkFixture({ connectTimeoutMs: 2_000 })
  const mute = await muteServer()
  const waiting = fixture.failure(fixture.target(mute.port))
  while (mute.accepted.length === 0) await turns(1)
  await turns(2)
  fixture.clock.advance(2_000)
  while (fixture.pool.states()[0]?.failures === 0) await turns(1)
  assert.equal(fixture.metrics.dialFailures[0], 'GH-EDGE-LINK-HANDSHAKE')
  fixture.clock.advance(10_000)
  assert.equal((await waiting).code, 'GH-EDGE-LINK-HANDSHAKE')
  await fixture.stop()
  await mute.stop()
})

test('a partner that refuses our certificate after the handshake counts as failed', async () => {
  const fixture = new LinkFixture()
  const stranger = Authority.create({ name: 'Somebody else' })
  const strict = await new PartnerServer(EdgeFixture.partner, {
    rejectUnauthorized: true,
    ca: [stranger.certPem],
    minVersion: 'TLSv1.3',
  }).start()
  const link = await fixture.link(fixture.target(strict.port))
  await fixture.handler.closedReason(link)
  const [state] = fixture.pool.states()
  assert.equal(state?.state, 'backoff')
  assert.match(state?.detail ?? '', /^GH-EDGE-LINK-REJECTED sip.fabrikam.example/)
  await strict.stop()
  await fixture.stop()
})

test('more links under load, never more than allowed', () =>
  withPartner([{ growAtPerSecond: 10 }], async (fixture, partner) => {
    const target = fixture.target(partner.port, { links: 2 })
    await fixture.link(target)
    for (let second = 0; second < 4; second += 1) {
      for (let count = 0; count < 100; count += 1) await fixture.link(target)
      fixture.clock.advance(1_000)
      await fixture.link(target)
      await turns(60)
    }
    await fixture.handler.until(() => fixture.handler.opened.length === 2)
    await turns(60)
    assert.equal(fixture.handler.opened.length, 2)
    const used = new Set(await Promise.all(Array.from({ length: 10 }, () => fixture.link(target))))
    assert.equal(used.size, 2)
  }))

test('links above their high mark take what is under way, each conversation its own', () =>
  withPartner([{}, { writeHighBytes: 65_536 }], async (fixture, partner) => {
    const target = fixture.target(partner.port, { links: 2 })
    const affine = (affinity: number): Promise<unknown> =>
      new Promise((resolve, reject) => fixture.pool.acquire(target, resolve, reject, affinity))
    const first = await fixture.link(target)
    while (first.write('x'.repeat(65_536), undefined) || first.bufferedBytes < 1_500_000) await turns(1)
    const second = await fixture.link(target)
    while (second.write('x'.repeat(65_536), undefined) || second.bufferedBytes < 1_000_000) await turns(1)
    assert.equal(await fixture.link(target), second, 'the one with less to send')
    assert.deepEqual([await affine(0), await affine(1)], [first, second])
  }))

test('a link with far too much to send is passed over; when all are, the request is refused', () =>
  withPartner([{}, { writeHighBytes: 65_536 }], async (fixture, partner) => {
    const target = fixture.target(partner.port, { links: 2 })
    const first = await fixture.link(target)
    while (first.write('x'.repeat(65_536), undefined) || first.bufferedBytes < 3_000_000) await turns(1)
    const second = await fixture.link(target)
    assert.notEqual(second, first)
    while (second.write('x'.repeat(65_536), undefined) || second.bufferedBytes < 3_000_000) await turns(1)
    const failure = await fixture.failure(target)
    assert.deepEqual([failure.code, failure.status], ['GH-EDGE-LINK-SATURATED', 503])
  }))

test('a peer that answered pings and stops to is dead; one that never did is not', () =>
  withPartner([{ pingIntervalMs: 60_000, pongTimeoutMs: 10_000 }], async (fixture, partner) => {
    const link = await fixture.link(fixture.target(partner.port))
    const server = await partner.socket(0)
    fixture.clock.advance(61_000)
    assert.equal(String(await onceOf(server, 'data')), '\r\n\r\n')
    await turns()
    fixture.clock.advance(30_000)
    assert.equal(link.isOpen, true)
    server.write('\r\n')
    await fixture.handler.until(() => fixture.handler.text(link) === '\r\n')
    fixture.clock.advance(57_000)
    assert.equal(String(await onceOf(server, 'data')), '\r\n\r\n')
    await turns()
    fixture.clock.advance(7_000)
    assert.equal(link.isOpen, true)
    fixture.clock.advance(4_000)
    assert.equal(await fixture.handler.closedReason(link), 'GH-EDGE-PING-LOST')
  }))

test('idle links are closed, old ones retire after those who use them', () =>
  withPartner([{ idleTimeoutMs: 20_000, maxAgeMs: 50_000, retireGraceMs: 5_000, pingIntervalMs: 0 }], async (fixture, partner) => {
    const target = fixture.target(partner.port, { links: 1 })
    const idle = await fixture.link(target)
    ;(await partner.socket(0)).resume()
    fixture.clock.advance(21_000)
    assert.equal(await fixture.handler.closedReason(idle), 'GH-EDGE-IDLE')
    const old = await fixture.link(target)
    ;(await partner.socket(1)).resume()
    for (let second = 0; second < 50; second += 1) {
      assert.equal(await fixture.link(target), old)
      fixture.clock.advance(1_000)
    }
    const young = await fixture.link(target)
    assert.notEqual(young, old)
    assert.equal(old.isOpen, true)
    fixture.clock.advance(6_000)
    assert.equal(await fixture.handler.closedReason(old), 'GH-EDGE-MAX-AGE')
  }))

test('a dialed peer that is revoked later is cut, and the next dial says why', () =>
  withPartner([], async (fixture, partner) => {
    const target = fixture.target(partner.port)
    const link = await fixture.link(target)
    fixture.validator.revokedFingerprints.add(EdgeFixture.partner.fingerprint)
    assert.equal(await fixture.hub.revalidate(fixture.validator), 1)
    assert.equal(await fixture.handler.closedReason(link), 'GH-EDGE-NO-LONGER-TRUSTED')
    const failure = await fixture.failure(target)
    assert.match(`${failure.code} ${failure.detail}`, /^GH-EDGE-LINK-UNTRUSTED .*revoked/)
  }))

test('draining: who waits is told, nothing is dialed, links are closed spread over time', () =>
  withPartner([], async (fixture, partner) => {
    const target = fixture.target(partner.port)
    const link = await fixture.link(target)
    ;(await partner.socket(0)).resume()
    const drained = fixture.pool.drain(10_000)
    assert.equal(await fixture.link(target), link, 'open links serve on')
    assert.equal((await fixture.failure({ ...target, key: 'other' })).code, 'GH-EDGE-DRAINING')
    fixture.clock.advance(6_000)
    assert.equal(await fixture.handler.closedReason(link), 'GH-EDGE-DRAINING')
    await drained
  }))
