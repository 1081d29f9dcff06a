import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CsvRows } from './csv-rows.ts'

function read(pieces: readonly string[]): { rows: string[][]; problem: string | undefined } {
  const csv = new CsvRows()
  const rows = [...pieces.flatMap((piece) => csv.push(piece)), ...csv.end()]
  return { rows, problem: csv.problem }
}

const TEXT = '\uFEFFuser,groups\r\n"a@x","b ""c"", d"\n\n"two\nlines",\nlast,"1,2"'

describe('csv rows', () => {
  it('knows quotes, doubled quotes, line ends within quotes, empty lines and a byte order mark', () => {
    assert.deepEqual(read([TEXT]), {
      rows: [
        ['user', 'groups'],
        ['a@x', 'b "c", d'],
        ['two\nlines', ''],
        ['last', '1,2'],
      ],
      problem: undefined,
    })
  })
  it('gives the same rows whatever the pieces', () => {
    const whole = read([TEXT])
    for (let at = 0; at <= TEXT.length; at++) assert.deepEqual(read([TEXT.slice(0, at), TEXT.slice(at)]), whole, `split at ${at}`)
    assert.deepEqual(read(TEXT.split('')), whole)
  })
  it('reads what was written', () => {
    const field = fc.string({ maxLength: 8 }).map((text) => text.replaceAll('\r', ''))
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 })
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\n')
        assert.deepEqual(read([text]).rows, rows)
      }),
    )
  })
  it('says what is wrong, and never throws', () => {
    assert.match(read(['a,"b']).problem ?? '', /row 1: a quote is not closed/)
    assert.match(read(['a\n"b"c']).problem ?? '', /row 2: something stands after a closing quote/)
    assert.match(read(['x'.repeat(1_048_577)]).problem ?? '', /longer than/)
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => void read(pieces)))
  })
})
