import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authority, makeKeyPair } from '@gatehouse/lab'
import { PeerValidator } from './peer-validator.ts'
import type { RevocationMode } from './revocation.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 12)
const HOUR_MS = 3_600_000
const nowMs = (): number => NOW_MS
const at = (hours: number): Date => new Date(NOW_MS + hours * HOUR_MS)

const root = Authority.create({ name: 'Lab Root', nowMs })
const issuing = root.intermediate({ name: 'Lab Issuing' })
const leaf = issuing.issue({ dns: ['sip.contoso.example'] })
const gone = issuing.issue({ dns: ['sip.contoso.example'] })
issuing.revoke(gone)
const rootCrl = root.crlDer()

async function codeOf(chain: readonly Uint8Array[], crls: readonly Uint8Array[], revocation: RevocationMode): Promise<string> {
  const validator = new PeerValidator({ stores: [{ name: 'lab', roots: [root.der] }], crls, revocation, nowMs })
  return (await validator.validate(chain)).refusal?.code ?? 'ok'
}

test('a listed serial is refused in both modes, an unlisted one is good', async () => {
  const crls = [rootCrl, issuing.crlDer()]
  for (const mode of ['require', 'whenPresent'] as const) {
    assert.equal(await codeOf(gone.chainDer, crls, mode), 'GH-IDENTITY-REVOKED')
    assert.equal(await codeOf(leaf.chainDer, crls, mode), 'ok')
  }
})

test('a revoked intermediate takes its leaves along', async () => {
  const bad = root.intermediate({ name: 'Bad Issuing' })
  const authority = Authority.create({ name: 'Other Root', nowMs })
  const below = authority.intermediate({ name: 'Gone Issuing' })
  authority.revoke(below.certificate)
  const validator = new PeerValidator({
    stores: [{ name: 'other', roots: [authority.der] }],
    crls: [authority.crlDer()],
    revocation: 'whenPresent',
    nowMs,
  })
  assert.equal((await validator.validate(below.issue().chainDer)).refusal?.code, 'GH-IDENTITY-REVOKED')
  assert.equal(await codeOf(bad.issue().chainDer, [rootCrl], 'whenPresent'), 'ok')
})

test('require: each certificate needs a current list of its own issuer', async () => {
  const unknown = 'GH-IDENTITY-REVOCATION-UNKNOWN'
  assert.equal(await codeOf(leaf.chainDer, [], 'require'), unknown)
  assert.equal(await codeOf(leaf.chainDer, [rootCrl], 'require'), unknown)
  assert.equal(await codeOf(leaf.chainDer, [issuing.crlDer()], 'require'), unknown)
  const stale = issuing.crlDer({ thisUpdate: at(-48), nextUpdate: at(-24) })
  assert.equal(await codeOf(leaf.chainDer, [rootCrl, stale], 'require'), unknown)
  const early = issuing.crlDer({ thisUpdate: at(1), nextUpdate: at(24) })
  assert.equal(await codeOf(leaf.chainDer, [rootCrl, early], 'require'), unknown)
  assert.equal(await codeOf(leaf.chainDer, [rootCrl, issuing.crlDer({ nextUpdate: null })], 'require'), unknown)
  assert.equal(await codeOf(leaf.chainDer, [], 'whenPresent'), 'ok')
})

test('a revocation outlives the list that told of it; the newest list alone counts', async () => {
  const stale = issuing.crlDer({ thisUpdate: at(-48), nextUpdate: at(-24) })
  assert.equal(await codeOf(gone.chainDer, [stale], 'whenPresent'), 'GH-IDENTITY-REVOKED')
  const held = root.intermediate({ name: 'Holding' })
  const released = held.issue()
  const fresh = held.crlDer({ thisUpdate: at(-1) })
  held.revoke(released)
  const older = held.crlDer({ thisUpdate: at(-9) })
  assert.equal(await codeOf(released.chainDer, [older, fresh], 'whenPresent'), 'ok')
})

test('a list that the issuer did not sign is no list (RFC 5280 §6.3.3 g)', async () => {
  const forged = issuing.crlDer({ keyPair: makeKeyPair('p256') })
  assert.equal(await codeOf(leaf.chainDer, [rootCrl, forged], 'require'), 'GH-IDENTITY-REVOCATION-UNKNOWN')
  assert.equal(await codeOf(gone.chainDer, [forged], 'whenPresent'), 'ok')
})

test('an issuer without cRLSign cannot sign lists (RFC 5280 §6.3.3 f)', async () => {
  const mute = root.intermediate({ name: 'Mute', keyUsage: ['keyCertSign'] })
  assert.equal(await codeOf(mute.issue().chainDer, [rootCrl, mute.crlDer()], 'require'), 'GH-IDENTITY-REVOCATION-UNKNOWN')
})

test('delta, partial and weakly signed lists are reported and not used', () => {
  const critical = (oid: string): Uint8Array =>
    issuing.crlDer({ extensions: [{ oid, isCritical: true, value: Uint8Array.of(0x30, 0x00) }] })
  const rsa = Authority.create({ name: 'RSA', nowMs, key: 'rsa-2048' })
  const crls = [critical('2.5.29.27'), critical('2.5.29.28'), rsa.crlDer({ digest: 'sha1' }), Buffer.from('not a list')]
  const validator = new PeerValidator({ stores: [], crls, revocation: 'require', nowMs })
  assert.deepEqual(
    validator.problems.map((problem) => [problem.code, problem.detail]),
    [
      ['GH-IDENTITY-STORE', 'Revocation list 1: it has the critical extension 2.5.29.27.'],
      ['GH-IDENTITY-STORE', 'Revocation list 2: it has the critical extension 2.5.29.28.'],
      ['GH-IDENTITY-STORE', 'Revocation list 3: it is signed by RSA with SHA-1.'],
      ['GH-IDENTITY-STORE', 'Revocation list 4: it is not laid out as RFC 5280 §5.1 says.'],
    ],
  )
})

test('the state of each list is told', () => {
  const crls = [rootCrl, issuing.crlDer({ thisUpdate: at(-48), nextUpdate: at(-24) })]
  const states = new PeerValidator({ stores: [], crls, revocation: 'whenPresent', nowMs }).crlStates()
  assert.deepEqual(
    states.map((state) => [state.entries, state.isCurrent]),
    [
      [0, true],
      [1, false],
    ],
  )
})
