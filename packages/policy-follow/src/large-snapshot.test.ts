import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { createEmbeddedBus } from '@gatehouse/bus'
import { compileSnapshot, type PolicyObject, type SnapshotDocument } from '@gatehouse/policy-engine'
import { encodeManifest, partKey } from './manifest.ts'
import { keyIdOf, seal } from './seal.ts'
import { SnapshotFollower } from './snapshot-follower.ts'
import { decodeHead, decodeManifest, SNAPSHOT_KEY } from './snapshot-payload.ts'
import { type SplitSnapshot, splitSnapshot } from './split-snapshot.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const silent = { info: () => {}, warn: () => {} }

function documentOf(revision: number, count: number, skip = -1): SnapshotDocument {
  const objects: PolicyObject[] = []
  for (let at = 0; at < count; at++) {
    if (at === skip) continue
    const spec = { domain: `d${at}.example`, owner: 'security', reason: `incident ${at}` }
    objects.push({ kind: 'BlockEntry', name: `b${at}`, spec })
  }
  return { format: 'gatehouse-snapshot/1', revision, issuedAtMs: revision, objects }
}

function makeFollower(onSnapshot: () => void = () => {}): SnapshotFollower {
  const deps = {
    bus: createEmbeddedBus(),
    publicKeys: [publicKey],
    service: 's',
    replica: 'r',
    log: silent,
    nowMs: () => 0,
    maxStalenessMs: 0,
  }
  return new SnapshotFollower({ ...deps, onSnapshot })
}

function sealed(split: SplitSnapshot): Uint8Array {
  return seal(encodeManifest(split.manifest), privateKey, keyIdOf(publicKey))
}

/** What the bucket would bring, parts first. */
function deliver(follower: SnapshotFollower, split: SplitSnapshot): void {
  for (const [hash, part] of split.parts) follower.handleEntry(partKey(hash), part)
  follower.handleEntry(SNAPSHOT_KEY, sealed(split))
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !isSo(); turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(isSo())
}

describe('a snapshot in parts', () => {
  it('comes together as it was, however small the parts', async () => {
    const document = documentOf(7, 2_500)
    for (const maxPartBytes of [777, 262_144]) {
      const split = await splitSnapshot(document, maxPartBytes)
      for (const part of split.parts.values()) assert.ok(part.length <= maxPartBytes)
      const follower = makeFollower()
      deliver(follower, split)
      await until(() => follower.current(0) !== undefined)
      const { document: taken, blockedDomains } = follower.current(0) ?? compileSnapshot(documentOf(0, 0))
      assert.deepEqual(taken, document)
      assert.deepEqual(blockedDomains, compileSnapshot(document).blockedDomains)
      assert.deepEqual(decodeHead(encodeManifest(split.manifest)), { revision: 7, issuedAtMs: 7 })
    }
  })

  it('one object less changes one chunk or two, not all', async () => {
    const [whole, less] = [await splitSnapshot(documentOf(1, 20_000), 262_144), await splitSnapshot(documentOf(2, 20_000, 9_000), 262_144)]
    const fresh = [...less.parts.keys()].filter((hash) => !whole.parts.has(hash))
    assert.ok(whole.parts.size > 30 && fresh.length <= 2, `${fresh.length} of ${whole.parts.size}`)
  })

  it('a part that is missing, changed or forged keeps it out until the right one comes', async () => {
    const split = await splitSnapshot(documentOf(3, 3_000), 262_144)
    const [hash, part] = [...split.parts][1] as [string, Uint8Array]
    const follower = makeFollower()
    follower.handleEntry(SNAPSHOT_KEY, sealed(split))
    await until(() => follower.refusal()?.code === 'GH-SNAPSHOT-INCOMPLETE')
    const forged = Uint8Array.from(part)
    forged[0] = (forged[0] ?? 0) ^ 1
    for (const [each, bytes] of split.parts) follower.handleEntry(partKey(each), each === hash ? forged : bytes)
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(follower.current(0), undefined)
    assert.equal(follower.refusal()?.code, 'GH-SNAPSHOT-INCOMPLETE')
    follower.handleEntry(partKey(hash), part)
    await until(() => follower.current(0)?.revision === 3)
    follower.handleEntry(partKey(hash), undefined)
    assert.equal(follower.current(0)?.revision, 3)
  })

  it('a newer one ends the work on the one before; an older one does not come back', async () => {
    const taken: number[] = []
    const follower: SnapshotFollower = makeFollower(() => void taken.push(follower.current(0)?.revision ?? 0))
    const [older, newer] = [await splitSnapshot(documentOf(4, 3_000), 262_144), await splitSnapshot(documentOf(5, 3_000), 262_144)]
    deliver(follower, older)
    deliver(follower, newer)
    await until(() => taken.includes(5))
    deliver(follower, older)
    assert.equal(follower.refusal()?.code, 'GH-SNAPSHOT-OLDER')
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(taken, [5])
  })

  it('what is no manifest is none, and nobody fills the memory with parts', async () => {
    for (const text of [
      '{"format":"gatehouse-manifest/1"}',
      '{"format":"gatehouse-manifest/1","revision":1,"issuedAtMs":1,"objects":1,"chunks":[{"objects":1,"parts":["../x"]}]}',
      '{"format":"gatehouse-manifest/1","revision":1,"issuedAtMs":1,"objects":1,"chunks":[null]}',
    ])
      assert.equal(decodeManifest(new TextEncoder().encode(text)), undefined, text)
    const follower = makeFollower()
    const megabytes = new Uint8Array(8 * 1_048_576)
    for (let at = 0; at < 9; at++) follower.handleEntry(partKey(String(at).repeat(64)), megabytes)
    assert.equal(follower.refusal()?.code, 'GH-SNAPSHOT-INCOMPLETE')
  })
})
