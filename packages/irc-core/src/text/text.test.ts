import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { foldCase } from './case-mapping.ts'
import { parseCtcp } from './ctcp.ts'
import { splitText } from './split-text.ts'
import { stripFormatting } from './strip-formatting.ts'

describe('splitText', () => {
  it('keeps words, graphemes and the order', () => {
    assert.deepEqual(splitText('one two three', 8), ['one two', 'three'])
    assert.deepEqual(splitText('a\r\n\n b \n', 100), ['a', ' b '])
    const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'
    assert.deepEqual(splitText(`${family}${family}`, Buffer.byteLength(family) + 3), [family, family])
    // a character that fits in no line is cut between its code points
    assert.deepEqual(splitText(family, 8).join(''), family)
  })

  it('never makes a line too long, nor one with a delimiter, and loses nothing but spaces', () => {
    const unit = fc.constantFrom('a', ' ', '\n', '\u00e9', '\u20ac', '\u{1f600}', '\x01', '\0', 'e\u0301', '\u200d')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), fc.integer({ min: 8, max: 60 }), (text, maxBytes) => {
        const lines = splitText(text, maxBytes)
        for (const line of lines) {
          assert.ok(Buffer.byteLength(line) <= maxBytes)
          // oxlint-disable-next-line no-control-regex -- the CTCP delimiter is one
          assert.ok(!/[\0\x01\r\n]/.test(line))
        }
        // oxlint-disable-next-line no-control-regex -- the CTCP delimiter is one
        assert.equal(lines.join('').replace(/\s/g, ''), text.replace(/[\s\0\x01]/g, ''))
      }),
    )
  })
})

describe('text of IRC', () => {
  it('loses colours and controls, not words', () => {
    assert.equal(stripFormatting('\x02bold\x02 \x0304,12red\x03 \x04ff0000hex\x0f \x1ditalic\x1d 5\x03 6'), 'bold red hex italic 5 6')
    assert.equal(stripFormatting('a\x03b\x07\x1b[31mc'), 'ab[31mc')
  })

  it('folds case as the server does', () => {
    assert.deepEqual(
      (['ascii', 'rfc1459', 'strict-rfc1459'] as const).map((mapping) => foldCase('Nick[A]\\~', mapping)),
      ['nick[a]\\~', 'nick{a}|^', 'nick{a}|~'],
    )
  })

  it('knows CTCP', () => {
    assert.deepEqual(parseCtcp('\x01ACTION waves\x01'), { command: 'ACTION', text: 'waves' })
    assert.deepEqual(parseCtcp('\x01version'), { command: 'VERSION', text: '' })
    assert.equal(parseCtcp('hello'), undefined)
  })
})
