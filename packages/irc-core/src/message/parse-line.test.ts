import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeLine } from './encode-line.ts'
import { nickOf, userHostOf } from './irc-message.ts'
import { parseLine } from './parse-line.ts'

describe('parseLine', () => {
  it('reads tags, source, command and parameters', () => {
    const message = parseLine('@time=2026-01-01T00:00:00.000Z;account=alice;+typing :al!a@host PRIVMSG bob  :hello  there')
    assert.deepEqual(
      [[...(message?.tags ?? [])], message?.source, message?.command, message?.params],
      [
        [
          ['time', '2026-01-01T00:00:00.000Z'],
          ['account', 'alice'],
          ['+typing', ''],
        ],
        'al!a@host',
        'PRIVMSG',
        ['bob', 'hello  there'],
      ],
    )
  })

  const CASES: readonly (readonly [line: string, command: string | undefined, params: readonly string[]])[] = [
    ['PING x', 'PING', ['x']],
    ['ping :', 'PING', ['']],
    [':srv 001 me :Welcome', '001', ['me', 'Welcome']],
    ['FOO a :b :c', 'FOO', ['a', 'b :c']],
    ['FOO   a   b', 'FOO', ['a', 'b']],
    ['', undefined, []],
    [':only-source', undefined, []],
    ['@only=tags', undefined, []],
    ['01 a', undefined, []],
    ['PRIV-MSG a', undefined, []],
    [`FOO ${'a '.repeat(65)}`, undefined, []],
  ]
  for (const [line, command, params] of CASES) {
    it(`${JSON.stringify(line.slice(0, 30))} is ${command ?? 'no message'}`, () => {
      const message = parseLine(line)
      assert.equal(message?.command, command)
      if (command !== undefined) assert.deepEqual(message?.params, params)
    })
  }

  it('unescapes tag values, drops a lone backslash at the end, takes the last of several', () => {
    assert.equal(parseLine('@a=x\\:y\\sz\\\\\\r\\n\\b\\ PING')?.tags.get('a'), 'x;y z\\\r\nb')
    assert.equal(parseLine('@a=1;a=2 PING')?.tags.get('a'), '2')
  })

  it('throws at nothing', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (line) => void parseLine(line)))
  })

  it('gives back what encodeLine wrote', () => {
    const param = fc.string({ unit: fc.constantFrom('a', ':', ' ', '\u00e9', '\u{1f600}', ';', '\\'), maxLength: 12 })
    fc.assert(
      fc.property(fc.array(param, { maxLength: 5 }), param, (params, tag) => {
        const line = encodeLine('PRIVMSG', params, [['t', tag]])
        if (line === undefined) return
        const message = parseLine(line)
        assert.deepEqual(message?.params, params)
        assert.equal(message?.tags.get('t'), tag)
      }),
    )
  })

  it('never writes a second command', () => {
    for (const evil of ['a\r\nQUIT', 'a\nQUIT', 'a\0']) assert.equal(encodeLine('PRIVMSG', ['bob', evil]), undefined)
    assert.equal(encodeLine('PRIVMSG', ['bob x', 'text']), undefined)
    assert.equal(encodeLine('PRIVMSG', ['', 'text']), undefined)
    assert.equal(encodeLine('PRIVMSG', ['bob', 'text'], [['label', 'a b;c\r\nQUIT']]), '@label=a\\sb\\:c\\r\\nQUIT PRIVMSG bob :text')
  })

  it('tells nick and host of a source', () => {
    assert.deepEqual(
      [nickOf('al!a@h'), userHostOf('al!a@h'), nickOf('srv.example'), userHostOf('srv.example')],
      ['al', 'a@h', 'srv.example', ''],
    )
  })
})
