import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import { type FramedLine, LineFramer } from './line-framer.ts'

function lines(...chunks: readonly (string | Uint8Array)[]): FramedLine[] {
  const framer = new LineFramer()
  const seen: FramedLine[] = []
  for (const chunk of chunks) framer.handleData(Buffer.from(chunk as string), (line) => seen.push(line))
  return seen
}

describe('LineFramer', () => {
  it('cuts at CR LF and LF and drops empty lines', () => {
    assert.deepEqual(lines('a\r\n\r\nb\nc\r\nrest'), [{ line: 'a' }, { line: 'b' }, { line: 'c' }])
  })

  it('gives the same lines wherever the stream is split', () => {
    const bytes = Buffer.from('PING :h\u00e9llo\r\n:x PRIVMSG y :\u{1f600} z\r\nA\nB\r\n')
    const whole = lines(bytes)
    for (let cut = 0; cut <= bytes.length; cut++) assert.deepEqual(lines(bytes.subarray(0, cut), bytes.subarray(cut)), whole)
  })

  it('reads what is no UTF-8 as Latin-1', () => {
    assert.deepEqual(lines(Buffer.from([0x61, 0xe9, 0x0a])), [{ line: 'a\u00e9' }])
  })

  it('drops a line with NUL, and one without end, and goes on behind them', () => {
    assert.deepEqual(lines('a\0b\r\nok\r\n'), [{ defect: 'nul' }, { line: 'ok' }])
    assert.deepEqual(lines(`${'x'.repeat(20_000)}\r\nok\r\n`), [{ defect: 'overlong' }, { line: 'ok' }])
    const framer = new LineFramer()
    const seen: FramedLine[] = []
    for (let at = 0; at < 1000; at++) framer.handleData(Buffer.alloc(4096, 'x'), (line) => seen.push(line))
    assert.deepEqual([seen, framer.bufferedBytes], [[{ defect: 'overlong' }], 0])
    framer.handleData(Buffer.from('\nok\n'), (line) => seen.push(line))
    assert.deepEqual(seen, [{ defect: 'overlong' }, { line: 'ok' }])
  })
})
