import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JsonLines } from './json-lines.ts'

const TEXT = Buffer.from('{"type":"ADDED","object":{"naïve":"é\\n"}}\n\n{"type":"BOOKMARK"}\r\n[1]\n{"half')
const VALUES = [{ type: 'ADDED', object: { naïve: 'é\n' } }, { type: 'BOOKMARK' }, [1]]

describe('lines of a watch', () => {
  it('give the same values wherever the stream is cut', () => {
    for (let first = 0; first <= TEXT.length; first++) {
      for (const second of [first, Math.min(TEXT.length, first + 1), Math.min(TEXT.length, first + 7)]) {
        const lines = new JsonLines(1_000)
        const values = [TEXT.subarray(0, first), TEXT.subarray(first, second), TEXT.subarray(second)].flatMap(
          (piece) => lines.take(piece) ?? [],
        )
        assert.deepEqual(values, VALUES)
      }
    }
  })

  it('end at one that is too long, ended or not, or no JSON', () => {
    assert.equal(new JsonLines(10).take(Buffer.from('"12345678"\n'))?.length, 1)
    assert.equal(new JsonLines(10).take(Buffer.from('"123456789"\n')), undefined)
    assert.equal(new JsonLines(10).take(Buffer.from('"1234567890')), undefined)
    const slow = new JsonLines(10)
    assert.deepEqual(slow.take(Buffer.from('"12345')), [])
    assert.equal(slow.take(Buffer.from('678901')), undefined)
    assert.equal(new JsonLines(100).take(Buffer.from('{"a":\n')), undefined)
  })
})
