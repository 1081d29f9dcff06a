import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { GatewayError } from '@gatehouse/errors'
import { keyIdOf, readPublicKey, seal, unseal } from './seal.ts'
import { decodeHeartbeat, decodeSnapshot, encodeHeartbeat, encodeSnapshot } from './snapshot-payload.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const keys = new Map([[keyIdOf(publicKey), publicKey]])
const payload = new TextEncoder().encode('{"a":1}')

describe('seal', () => {
  it('opens with the key it was sealed with, also while two are known', () => {
    const other = generateKeyPairSync('ed25519')
    const both = new Map([...keys, [keyIdOf(other.publicKey), other.publicKey]])
    for (const known of [keys, both]) assert.deepEqual(unseal(seal(payload, privateKey, keyIdOf(publicKey)), known), { ok: true, payload })
    const foreign = unseal(seal(payload, other.privateKey, keyIdOf(other.publicKey)), keys)
    assert.equal(!foreign.ok && foreign.code, 'GH-SNAPSHOT-FOREIGN')
  })

  it('a key id alone opens nothing', () => {
    const other = generateKeyPairSync('ed25519')
    const forged = unseal(seal(payload, other.privateKey, keyIdOf(publicKey)), keys)
    assert.equal(!forged.ok && forged.code, 'GH-SNAPSHOT-SIGNATURE')
  })

  it('never throws, whatever the bytes', () => {
    const sealed = seal(payload, privateKey, keyIdOf(publicKey))
    for (let length = 0; length < sealed.length; length++)
      assert.equal(unseal(sealed.subarray(0, length), keys).ok, false, `${length} bytes`)
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x80
      assert.equal(unseal(changed, keys).ok, false, `byte ${at}`)
    }
  })

  it('reads PEM, and Ed25519 only', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
    assert.equal(keyIdOf(readPublicKey(pem)), keyIdOf(publicKey))
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }) as string
    for (const text of ['', 'x', elliptic]) {
      assert.throws(
        () => readPublicKey(text),
        (thrown) => thrown instanceof GatewayError && thrown.code === 'GH-SNAPSHOT-KEY',
      )
    }
  })
})

describe('payload', () => {
  it('a heartbeat is no snapshot and neither is anything else', () => {
    const document = { format: 'gatehouse-snapshot/1', revision: 3, issuedAtMs: 5, objects: [] } as const
    assert.deepEqual(decodeSnapshot(encodeSnapshot(document)), document)
    assert.deepEqual(decodeHeartbeat(encodeHeartbeat({ revision: 3, atMs: 5 }))?.revision, 3)
    assert.equal(decodeSnapshot(encodeHeartbeat({ revision: 3, atMs: 5 })), undefined)
    assert.equal(decodeHeartbeat(encodeSnapshot(document)), undefined)
    for (const text of [
      '',
      'null',
      '[]',
      '{',
      '{"format":"gatehouse-snapshot/2","revision":1,"objects":[]}',
      '{"format":"gatehouse-snapshot/1"}',
    ]) {
      assert.equal(decodeSnapshot(new TextEncoder().encode(text)), undefined, text)
    }
  })
})
