import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import type { Issued } from '@gatehouse/lab'
import { Authority } from '@gatehouse/lab'

import { CertificateKeeper } from './certificate-keeper.ts'
import type { EdgeHub } from './edge-hub.ts'
import { EdgeFixture, recordingLog } from './testing/edge-fixture.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { RecordingMetrics } from './testing/recording-metrics.ts'

const root = Authority.create({ name: 'Keeper Root' })
const own = root.issue({ dns: ['sip.contoso.example'] })
const inside = root.issue({ dns: ['gate.contoso.example'] })

interface Rig {
  readonly directory: string
  readonly clock: ManualClock
  readonly log: ReturnType<typeof recordingLog>
  readonly metrics: RecordingMetrics
  readonly keeper: CertificateKeeper
  readonly put: (name: string, content: string | Uint8Array) => Promise<void>
}

async function withKeeper(run: (rig: Rig) => Promise<void>, crls = true): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-keeper-'))
  const at = (name: string): string => join(directory, name)
  const put = (name: string, content: string | Uint8Array): Promise<void> => writeFile(at(name), content)
  await put('own.pem', own.chainPem)
  await put('own.key', own.keyPem)
  await put('inside.pem', inside.chainPem)
  await put('inside.key', inside.keyPem)
  await put('partners.pem', root.certPem)
  await put('partners.crl', root.crlPem())
  const clock = new ManualClock()
  const log = recordingLog()
  const metrics = new RecordingMetrics()
  const keeper = new CertificateKeeper(
    {
      own: {
        external: { certificateFile: at('own.pem'), keyFile: at('own.key') },
        internal: { certificateFile: at('inside.pem'), keyFile: at('inside.key') },
      },
      trust: [{ name: 'partners', files: [at('partners.pem')] }],
      crlFiles: crls ? [at('partners.crl')] : [],
      revocation: 'whenPresent',
      pollIntervalMs: 10_000,
    },
    { clock, log, metrics },
  )
  try {
    await run({ directory, clock, log, metrics, keeper, put })
  } finally {
    keeper.stop()
    await rm(directory, { recursive: true })
  }
}

async function isTrusted(keeper: CertificateKeeper, issued: Issued): Promise<boolean> {
  return (await keeper.validator.validate(issued.chainDer)).isAuthenticated
}

test('loads both sides and the trust, and tells names and expiry', () =>
  withKeeper(async ({ keeper }) => {
    await keeper.start()
    const states = keeper.states()
    assert.deepEqual(
      states.map((state) => [state.side, state.names, state.fingerprint, state.problem]),
      [
        ['external', ['sip.contoso.example'], own.fingerprint, undefined],
        ['internal', ['gate.contoso.example'], inside.fingerprint, undefined],
      ],
    )
    assert.ok((states[0]?.notAfterMs ?? 0) > Date.now())
    assert.equal(await isTrusted(keeper, root.issue({ dns: ['sip.fabrikam.example'] })), true)
    assert.equal(await isTrusted(keeper, Authority.create({ name: 'Other' }).issue({ dns: ['sip.fabrikam.example'] })), false)
    assert.equal(await keeper.reload(), false)
  }))

test('DER certificate and key, as some authorities hand them out', () =>
  withKeeper(async ({ keeper, put }) => {
    await put('own.pem', own.der)
    await put('own.key', Buffer.from(own.keyPem.replaceAll(/-----.*?-----|\s/g, ''), 'base64'))
    await keeper.start()
    assert.equal(keeper.identityFor('external').fingerprint, own.fingerprint)
  }))

test('a renewed certificate comes into force when key and certificate fit, not in between', () =>
  withKeeper(async ({ keeper, put, log, metrics }) => {
    await keeper.start()
    const before = keeper.identityFor('external')
    const renewed = root.issue({ dns: ['sip.contoso.example'] })
    await put('own.pem', renewed.chainPem)
    assert.equal(await keeper.reload(), false)
    assert.equal(keeper.identityFor('external'), before)
    assert.match(keeper.states()[0]?.problem ?? '', /^GH-EDGE-CERT-KEY-MISMATCH /)
    await keeper.reload()
    assert.equal(log.lines.filter((line) => line.level === 'error').length, 1, 'told once, not at every look')
    await put('own.key', renewed.keyPem)
    assert.equal(await keeper.reload(), true)
    assert.equal(keeper.identityFor('external').fingerprint, renewed.fingerprint)
    assert.equal(keeper.states()[0]?.problem, undefined)
    assert.deepEqual(metrics.reloads, [true, true, false, true])
  }))

test('broken, empty, expired and missing files leave in force what was there', () =>
  withKeeper(async ({ keeper, put, directory }) => {
    await keeper.start()
    const before = keeper.identityFor('external')
    const expired = root.issue({ notBefore: new Date(0), notAfter: new Date(1_000_000) })
    const cases: [string, string, RegExp][] = [
      ['own.pem', 'garbage', /^GH-EDGE-CERT-UNREADABLE .*own.pem/],
      ['own.pem', '', /^GH-EDGE-CERT-UNREADABLE/],
      ['own.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /^GH-EDGE-CERT-UNREADABLE/],
      ['own.pem', expired.chainPem, /^GH-EDGE-CERT-KEY-MISMATCH/],
    ]
    for (const [name, content, problem] of cases) {
      await put(name, content)
      assert.equal(await keeper.reload(), false)
      assert.match(keeper.states()[0]?.problem ?? '', problem)
      assert.equal(keeper.identityFor('external'), before)
    }
    await put('own.key', expired.keyPem)
    await keeper.reload()
    assert.match(keeper.states()[0]?.problem ?? '', /^GH-EDGE-CERT-EXPIRED/)
    await rm(join(directory, 'own.key'))
    await keeper.reload()
    assert.match(keeper.states()[0]?.problem ?? '', /^GH-EDGE-CERT-UNREADABLE .*ENOENT/)
    assert.equal(keeper.identityFor('external'), before)
  }))

test('a broken CA or CRL file does not open or close anything', () =>
  withKeeper(async ({ keeper, put }) => {
    await keeper.start()
    const peer = root.issue({ dns: ['sip.fabrikam.example'] })
    root.revoke(peer)
    await put('partners.crl', root.crlPem())
    await keeper.reload()
    assert.equal(await isTrusted(keeper, peer), false)
    for (const broken of ['', 'garbage', '-----BEGIN X509 CRL-----\nMAAA\n-----END X509 CRL-----\n']) {
      await put('partners.crl', broken)
      assert.equal(await keeper.reload(), false)
      assert.match(keeper.trustProblem ?? '', /^GH-EDGE-CERT-UNREADABLE/)
      assert.equal(await isTrusted(keeper, peer), false)
    }
  }))

test('nothing is in force when the first load fails', () =>
  withKeeper(async ({ keeper, put }) => {
    await put('partners.pem', 'no certificate here')
    await assert.rejects(keeper.start(), { code: 'GH-EDGE-CERT-UNREADABLE' })
  }))

test('a symlink swap in the directory is noticed, and so is a change that nobody reports', () =>
  withKeeper(async ({ keeper, directory, clock }) => {
    const generation = async (name: string, issued: Issued): Promise<void> => {
      await mkdir(join(directory, name))
      await writeFile(join(directory, name, 'own.pem'), issued.chainPem)
      await writeFile(join(directory, name, 'own.key'), issued.keyPem)
    }
    const renewed = root.issue({ dns: ['sip.contoso.example'] })
    await generation('..one', own)
    await generation('..two', renewed)
    await symlink('..one', join(directory, '..data'))
    for (const file of ['own.pem', 'own.key']) {
      await rm(join(directory, file))
      await symlink(join('..data', file), join(directory, file))
    }
    await keeper.start()
    assert.equal(keeper.identityFor('external').fingerprint, own.fingerprint)
    await symlink('..two', join(directory, '..data_tmp'))
    await rename(join(directory, '..data_tmp'), join(directory, '..data'))
    clock.advance(10_000)
    await keeper.reload()
    assert.equal(keeper.identityFor('external').fingerprint, renewed.fingerprint)
  }))

test('a revoked partner is cut by its CRL entry while the others and new connections go on', async () => {
  const fixture = await new EdgeFixture().start()
  await withKeeper(async ({ keeper, put }) => {
    await keeper.start()
    const bad = root.issue({ dns: ['sip.bad.example'] })
    const good = root.issue({ dns: ['sip.good.example'] })
    const hub: EdgeHub = fixture.hub
    const { connection: revoked } = await fixture.openPair({ cert: bad.chainPem, key: bad.keyPem })
    const { connection: kept } = await fixture.openPair({ cert: good.chainPem, key: good.keyPem })
    await hub.revalidate(keeper.validator)
    assert.deepEqual([revoked.peer.isAuthenticated, kept.peer.isAuthenticated], [true, true])
    keeper.onTrustChanged(() => hub.revalidate(keeper.validator))
    root.revoke(bad)
    await put('partners.crl', root.crlPem())
    assert.equal(await keeper.reload(), true)
    assert.equal(await fixture.handler.closedReason(revoked), 'GH-EDGE-NO-LONGER-TRUSTED')
    assert.equal(kept.isOpen, true)
  })
  await fixture.stop()
})
