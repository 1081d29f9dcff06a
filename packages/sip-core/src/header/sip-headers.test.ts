import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { createOwnLine } from './header-line.ts'
import { canonicalHeaderName } from './header-names.ts'
import { indexHeaderLines } from './index-header-lines.ts'
import { SipHeaders } from './sip-headers.ts'
import { splitHeaderValues } from './split-header-values.ts'

function read(text: string): SipHeaders {
  const head = `${text}\r\n`
  return new SipHeaders(indexHeaderLines(head, Buffer.from(head, 'latin1'), 0, 0, 1000).lines)
}

function written(headers: SipHeaders): string {
  return headers.lines.map((line) => line.raw).join('')
}

const SAMPLE = 'v: one , two\r\nX-A:  a\r\nVIA : three\r\nf: x\r\n  y\r\nx-a: b\r\n'

test('names are case-insensitive and compact forms equal the long ones (RFC 3261 §7.3.1, §7.3.3)', () => {
  const headers = read(SAMPLE)
  assert.equal(headers.first('Via'), 'one , two')
  assert.deepEqual(headers.all('v'), ['one , two', 'three'])
  assert.deepEqual(headers.values('VIA'), ['one', 'two', 'three'])
  assert.equal(headers.count('x-A'), 2)
  assert.equal(headers.has('From'), true)
  assert.equal(headers.has('Froms'), false)
  assert.deepEqual([...headers.names()], ['via', 'x-a', 'via', 'from', 'x-a'])
})

test('a fold is one space (RFC 3261 §7.3.1)', () => {
  assert.equal(read('X: a  \r\n \t b\r\n\tc\r\n').first('x'), 'a b c')
  assert.equal(read('X:\r\n a\r\n').first('x'), 'a')
  assert.equal(read('X: a\r\n \r\n').first('x'), 'a')
})

test('lines that no edit touches are kept byte for byte', () => {
  const headers = read(SAMPLE)
  headers.prepend('Via', 'zero')
  headers.append('X-A', 'c')
  headers.set('Max-Forwards', '69')
  assert.equal(written(headers), `Via: zero\r\n${SAMPLE}X-A: c\r\nMax-Forwards: 69\r\n`)
})

test('prepend goes before the first of its name, else before all; append after the last, else to the end', () => {
  const headers = read('X-A: 1\r\nX-B: 1\r\nX-B: 2\r\nX-C: 1\r\n')
  headers.prepend('X-B', '0')
  headers.append('X-B', '3')
  headers.prepend('X-D', 'x')
  headers.append('X-E', 'y')
  assert.equal(written(headers), 'X-D: x\r\nX-A: 1\r\nX-B: 0\r\nX-B: 1\r\nX-B: 2\r\nX-B: 3\r\nX-C: 1\r\nX-E: y\r\n')
})

test('a line that was made before goes where prepend would put one', () => {
  for (const text of [SAMPLE, 'X-A: 1\r\nv: one\r\nVia: two\r\n', 'X-A: 1\r\n', '']) {
    const [made, named] = [read(text), read(text)]
    made.prependLine(createOwnLine('Via', 'zero'))
    named.prepend('Via', 'zero')
    assert.equal(written(made), written(named))
  }
})

test('a copy takes further lines, and neither shows in the other', () => {
  const headers = read(SAMPLE)
  const copy = headers.copy()
  copy.prepend('Via', 'zero')
  copy.remove('X-A')
  headers.append('X-A', 'c')
  assert.equal(written(copy), 'Via: zero\r\nv: one , two\r\nVIA : three\r\nf: x\r\n  y\r\n')
  assert.equal(written(headers), `${SAMPLE}X-A: c\r\n`)
})

test('set replaces in place and removes the others; remove takes all', () => {
  const headers = read(SAMPLE)
  headers.set('x-a', 'new')
  assert.equal(written(headers), 'v: one , two\r\nx-a: new\r\nVIA : three\r\nf: x\r\n  y\r\n')
  assert.equal(headers.remove('Via'), 2)
  assert.equal(
    headers.removeWhere((name, value) => name === 'from' && value === 'x y'),
    1,
  )
  assert.equal(written(headers), 'x-a: new\r\n')
})

test('the first value is taken away wherever commas and lines put it', () => {
  const headers = read('v: a;x="1,2" , b,\r\n c\r\nVia: <d,e>\r\n')
  const taken: (string | undefined)[] = []
  for (let turn = 0; turn < 5; turn++) taken.push(headers.removeFirstValue('Via'))
  assert.deepEqual(taken, ['a;x="1,2"', 'b', 'c', '<d,e>', undefined])
  assert.equal(written(headers), '')
})

test('the first value is rewritten and what follows it stays', () => {
  const headers = read('X: 1\r\nv :  a ,b\r\n')
  headers.replaceFirstValue('Via', 'a;received=192.0.2.1')
  assert.equal(written(headers), 'X: 1\r\nv: a;received=192.0.2.1,b\r\n')
  headers.replaceFirstValue('Route', 'r')
  assert.deepEqual(headers.all('route'), ['r'])
})

test('a value cannot smuggle in another line, and Unicode is written as UTF-8', () => {
  const headers = new SipHeaders()
  headers.append('Subject', 'x\r\nEvil: 1\n2\0')
  headers.append('X-Name', '三時')
  assert.equal(written(headers), `Subject: x  Evil: 1 2 \r\nX-Name: ${Buffer.from('三時').toString('latin1')}\r\n`)
  assert.throws(() => headers.append('X\r\nEvil', '1'), RangeError)
})

test('splitting: quotes, escapes and brackets hide commas; joining gives the values back', () => {
  assert.deepEqual(splitHeaderValues('"a\\",b" <sip:x,y@z>;t, c,'), ['"a\\",b" <sip:x,y@z>;t', 'c', ''])
  assert.deepEqual(splitHeaderValues('  '), [])
  const value = fc.oneof(
    fc.stringMatching(/^[a-z0-9:;=@.]{1,10}$/),
    fc.stringMatching(/^"([a-z, <>]|\\["\\])*"$/),
    fc.stringMatching(/^<[a-z,:@;"]{1,10}>$/),
  )
  fc.assert(fc.property(fc.array(value, { minLength: 1 }), (values) => assert.deepEqual(splitHeaderValues(values.join(', ')), values)))
})

// ---- edits against a model that holds names and comma values in plain arrays

interface ModelLine {
  readonly name: string
  readonly values: readonly string[]
}

const NAMES = ['Via', 'v', 'Route', 'To', 't', 'X-Odd', 'x-odd', 'Ms-Thing'] as const
const nameArbitrary = fc.constantFrom(...NAMES)
const valueArbitrary = fc.stringMatching(/^[a-z0-9]{1,6}(;"x, y")?$/)
const lineArbitrary = fc.record({ name: nameArbitrary, values: fc.array(valueArbitrary, { minLength: 1, maxLength: 3 }) })
const editArbitrary = fc.record({
  kind: fc.constantFrom('prepend', 'append', 'set', 'remove', 'removeWhere', 'removeFirstValue', 'replaceFirstValue'),
  name: nameArbitrary,
  value: valueArbitrary,
})

function isSame(left: string, right: string): boolean {
  return canonicalHeaderName(left) === canonicalHeaderName(right)
}

function editModel(lines: readonly ModelLine[], edit: { kind: string; name: string; value: string }): ModelLine[] {
  const made: ModelLine = { name: edit.name, values: [edit.value] }
  const first = lines.findIndex((line) => isSame(line.name, edit.name))
  const last = lines.findLastIndex((line) => isSame(line.name, edit.name))
  const others = (from: number): ModelLine[] => lines.filter((line, index) => index < from || !isSame(line.name, edit.name))
  switch (edit.kind) {
    case 'prepend':
      return lines.toSpliced(Math.max(first, 0), 0, made)
    case 'append':
      return lines.toSpliced(last < 0 ? lines.length : last + 1, 0, made)
    case 'set':
      return first < 0 ? [...lines, made] : others(first + 1).with(first, made)
    case 'remove':
      return others(0)
    case 'removeWhere':
      return lines.filter((line) => line.values[0] !== edit.value)
    case 'removeFirstValue': {
      if (first < 0) return [...lines]
      const values = lines[first]!.values.slice(1)
      return values.length === 0 ? lines.toSpliced(first, 1) : lines.with(first, { name: edit.name, values })
    }
    default: {
      if (first < 0) return [...lines, made]
      return lines.with(first, { name: edit.name, values: [edit.value, ...lines[first]!.values.slice(1)] })
    }
  }
}

function editHeaders(headers: SipHeaders, edit: { kind: string; name: string; value: string }): void {
  if (edit.kind === 'prepend') headers.prepend(edit.name, edit.value)
  else if (edit.kind === 'append') headers.append(edit.name, edit.value)
  else if (edit.kind === 'set') headers.set(edit.name, edit.value)
  else if (edit.kind === 'remove') headers.remove(edit.name)
  else if (edit.kind === 'removeWhere') headers.removeWhere((_, value) => splitHeaderValues(value)[0] === edit.value)
  else if (edit.kind === 'removeFirstValue') headers.removeFirstValue(edit.name)
  else headers.replaceFirstValue(edit.name, edit.value)
}

function flatten(lines: readonly ModelLine[]): string[][] {
  return lines.map((line) => [canonicalHeaderName(line.name), ...line.values])
}

test('any sequence of edits does what the model does, before and after going over the wire', () => {
  const linesArbitrary = fc.array(lineArbitrary, { maxLength: 8 })
  fc.assert(
    fc.property(
      linesArbitrary,
      fc.array(editArbitrary, { maxLength: 12 }),
      fc.constantFrom(', ', ',', ' ,\r\n '),
      (lines, edits, comma) => {
        let model: ModelLine[] = lines
        const headers = read(lines.map((line) => `${line.name}: ${line.values.join(comma)}\r\n`).join(''))
        for (const edit of edits) {
          model = editModel(model, edit)
          editHeaders(headers, edit)
        }
        const seen = (from: SipHeaders): string[][] => from.lines.map((line) => [line.name, ...splitHeaderValues(line.value)])
        assert.deepEqual(seen(headers), flatten(model))
        assert.deepEqual(seen(read(written(headers))), flatten(model))
      },
    ),
  )
})
