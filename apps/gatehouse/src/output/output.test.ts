import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { ageOf, timeOfUs } from './format-time.ts'
import { Output, toJson } from './output.ts'
import { chooseStyle, printable } from './style.ts'
import { formatFacts, formatTable } from './table.ts'

const plain = chooseStyle(false, {})
const colour = chooseStyle(true, {})

describe('tables', () => {
  it('line up, also with wide characters and colours', () => {
    const rows = [
      ['日本', 1, { text: 'up', paint: 'good' as const }],
      ['fabrikam', 22n, { text: 'backoff', paint: 'bad' as const }],
    ]
    assert.equal(formatTable(['NAME', 'IN', 'STATE'], rows, plain), 'NAME      IN  STATE\n日本      1   up\nfabrikam  22  backoff\n')
    const bare = stripVTControlCharacters(formatTable(['NAME', 'IN', 'STATE'], rows, colour))
    assert.equal(bare, formatTable(['NAME', 'IN', 'STATE'], rows, plain))
    assert.equal(formatTable(['NAME'], [], plain), 'none\n')
    assert.equal(
      formatFacts(
        [
          ['a', 'x'],
          ['long', 2],
        ],
        plain,
      ),
      'a     x\nlong  2\n',
    )
  })

  it('cannot be steered by what a peer sent', () => {
    const hostile = 'a\u001b[2J\u202eb\r\nc'
    assert.equal(printable(hostile), 'a\\u001b[2J\\u202eb\\u000d c')
    assert.ok(!formatTable(['X'], [[hostile]], plain).includes('\u001b'))
  })
})

describe('JSON', () => {
  it('writes large numbers as text and bytes as hex, without protobuf bookkeeping', () => {
    const value = { $typeName: 'gatehouse.v1.X', big: 2n ** 60n, bytes: new Uint8Array([1, 255]), buffer: Buffer.from('a'), list: [1n] }
    assert.equal(toJson(value), '{"big":"1152921504606846976","bytes":"01ff","buffer":"61","list":["1"]}')
  })

  it('keeps progress out of it', () => {
    const lines: string[] = []
    const out = new Output((text) => lines.push(text), true, plain)
    out.progress('working …')
    out.result({ ok: true }, () => 'fine')
    assert.deepEqual(lines, ['{"ok":true}\n'])
  })
})

describe('times', () => {
  it('are UTC, and ages are short', () => {
    assert.equal(timeOfUs(1_795_332_371_258_000n), '2026-11-22 07:26:11Z')
    assert.equal(timeOfUs(0n), '-')
    assert.deepEqual([5_000, 600_000, 10_800_000, 864_000_000, -1].map(ageOf), ['5s', '10m', '3h', '10d', '0s'])
  })
})
