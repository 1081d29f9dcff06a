import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { splitText } from './fit-message.ts'

describe('long texts in parts', () => {
  it('end at lines or spaces where there are any', () => {
    assert.deepEqual(splitText('one two three', 8), ['one two', 'three'])
    assert.deepEqual(splitText('first line\nsecond', 12), ['first line', 'second'])
    assert.deepEqual(splitText('abcdefgh', 3), ['abc', 'def', 'gh'])
    assert.deepEqual(splitText('', 3), [])
  })

  it('are never longer than may be, never cut a character, and lose nothing but breaks', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '👋', ' ', '\n', '漢'), maxLength: 200 })
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 40 }), (whole, maxBytes) => {
        const parts = splitText(whole, maxBytes)
        for (const part of parts) assert.ok(Buffer.byteLength(part) <= maxBytes && part.isWellFormed())
        const bare = (of: string): string => of.replace(/[ \n]/g, '')
        assert.equal(bare(parts.join('')), bare(whole))
      }),
    )
  })
})
