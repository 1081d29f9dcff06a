import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProofTree, rootOfPath, TreeGrower } from './merkle-tree.ts'

const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()

/** MTH of RFC 6962 §2.1 as it stands there. */
function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!)
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return sha256(Uint8Array.of(1), treeHash(leaves.slice(0, half)), treeHash(leaves.slice(half)))
}

const leaves = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => sha256(Buffer.from(`leaf ${at}`)))

test('both trees have the root of RFC 6962, for every size up to 70', () => {
  const grower = new TreeGrower()
  for (let size = 0; size <= 70; size++) {
    const all = leaves(size)
    if (size > 0) grower.add(all.at(-1)!)
    assert.deepEqual(Buffer.from(grower.root()), treeHash(all))
    assert.deepEqual(Buffer.from(new ProofTree(all).root), treeHash(all))
    assert.equal(grower.size, size)
  }
  grower.clear()
  assert.deepEqual(Buffer.from(grower.root()), treeHash([]))
})

test('every path leads to the root, and no other leaf, place or size does', () => {
  for (const size of [1, 2, 3, 7, 8, 9, 31, 33]) {
    const all = leaves(size)
    const tree = new ProofTree(all)
    for (let index = 0; index < size; index++) {
      const path = tree.pathOf(index)
      assert.deepEqual(rootOfPath(all[index]!, path), tree.root)
      assert.notDeepEqual(rootOfPath(sha256(), path), tree.root)
      if (size > 1) assert.notDeepEqual(rootOfPath(all[index]!, { ...path, index: (index + 1) % size }), tree.root)
      assert.equal(rootOfPath(all[index]!, { ...path, path: [...path.path, sha256()] }), undefined)
    }
  }
  assert.equal(rootOfPath(sha256(), { index: 3, size: 3, path: [] }), undefined)
})

test('a path with any bit turned leads elsewhere', () => {
  const all = leaves(21)
  const tree = new ProofTree(all)
  fc.assert(
    fc.property(fc.nat(20), fc.nat(255), (index, bit) => {
      const { path, ...place } = tree.pathOf(index)
      const at = bit % path.length
      const turned = Buffer.from(path[at]!)
      turned[bit % 32] = turned[bit % 32]! ^ 1
      return !Buffer.from(tree.root).equals(rootOfPath(all[index]!, { ...place, path: path.with(at, turned) }) ?? turned)
    }),
    { numRuns: 60 },
  )
})
