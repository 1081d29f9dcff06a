import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isNode, parseAllDocuments, stringify } from 'yaml'
import { readPlain } from './read-plain.ts'
import { writePlain } from './write-plain.ts'

const YAML = { version: '1.2', merge: false, uniqueKeys: true } as const

/** What the library makes of a text that the plain reader took; it must be one document without any complaint. */
function checkAgainstLibrary(text: string): boolean {
  const plain = readPlain(text)
  if (plain === undefined) return false
  const documents = parseAllDocuments(text, YAML)
  assert.ok(Array.isArray(documents) && documents.length === 1, JSON.stringify(text))
  const document = documents[0]!
  assert.deepEqual(document.errors, [], JSON.stringify(text))
  assert.deepEqual(plain.value, document.toJS(), JSON.stringify(text))
  assert.equal(plain.offset, isNode(document.contents) ? document.contents.range?.[0] : -1, JSON.stringify(text))
  return true
}

const scalar = fc.oneof(
  { weight: 8, arbitrary: fc.stringMatching(/^[a-z0-9A-Z._@/+=(),: -]{1,12}$/) },
  fc.stringMatching(/^[ -~]{0,10}$/),
  fc.constantFrom(
    '1',
    '0x1f',
    '1e3',
    '0o7',
    '1_000',
    '-1',
    '+1',
    '.5',
    '1.',
    '.inf',
    'null',
    'True',
    'yes',
    '~',
    '2027-01-31',
    'a b, c',
    'é',
  ),
  fc.constantFrom(
    '2027-01-31T12:00:00Z',
    'a:b',
    'a: b',
    'a #b',
    'a-',
    '- a',
    '"q"',
    "'q'",
    '"q',
    '"a\\n"',
    '[a, b]',
    '{a: b}',
    '[a,b]',
    '[]',
  ),
  fc.constantFrom(
    '{}',
    '{a: [b, c], d: "e"}',
    '{a: {b: {c: d}}}',
    '[a',
    '{a}',
    '{a:b}',
    '[a, ]',
    '{a: b, a: c}',
    '["a:b", c d]',
    '&a b',
    '|',
    '!!int 3',
    '',
  ),
)
const key = fc.oneof(
  { weight: 10, arbitrary: fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/) },
  fc.constantFrom('a-b', '"a"', '<<', '1a', '?', '', 'true', 'a '),
)
const line = fc
  .tuple(
    fc.oneof({ weight: 12, arbitrary: fc.constantFrom('', '', '  ') }, fc.constantFrom('    ', ' ', '\t')),
    fc.oneof({ weight: 8, arbitrary: key }, fc.constant('- ')),
    fc.oneof({ weight: 8, arbitrary: fc.constant(': ') }, fc.constantFrom(':', ':  ', ' : ', '')),
    scalar,
  )
  .map(([indent, name, colon, value]) => (name === '- ' ? `${indent}- ${value}` : `${indent}${name}${colon}${value}`))
const odd = fc.constantFrom('', '# note', '  # note', '---', '...', 'a: b # note', '\ufeffa: b', 'a: b\r')
const text = fc.array(fc.oneof({ weight: 20, arbitrary: line }, odd), { maxLength: 4 }).map((lines) => lines.join('\n'))

describe('plain YAML', () => {
  it('is read as the library reads it, or left to it', () => {
    let taken = 0
    fc.assert(
      fc.property(text, (one) => {
        if (checkAgainstLibrary(one)) taken++
      }),
      { numRuns: 4_000 },
    )
    assert.ok(taken > 10, `${taken} taken`)
  })

  it('with something put in anywhere, is read as the library reads it, or left to it', () => {
    const written =
      'apiVersion: gatehouse/v1\nkind: Partner\nmetadata: {name: fabrikam}\nspec:\n  domains:\n    - a.example\n    - b.example\n  owner: "ann"\n  links: 2\n  trust: [one, two]\n'
    const piece = fc.oneof(
      fc.constantFrom(
        '\n',
        ' ',
        ': ',
        ':',
        '- ',
        ', ',
        '#',
        ' #',
        '"',
        "'",
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '|',
        '>',
        '?',
        '---\n',
        '\t',
        '\r',
        '0x',
        '\n  ',
      ),
      fc.stringMatching(/^[ -~]{0,3}$/),
    )
    let taken = 0
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(written.length), fc.nat(3), piece), { minLength: 1, maxLength: 3 }), (edits) => {
        let one = written
        for (const [at, cut, insert] of edits) one = one.slice(0, at) + insert + one.slice(at + cut)
        if (checkAgainstLibrary(one)) taken++
      }),
      { numRuns: 2_000 },
    )
    assert.ok(taken > 100, `${taken} taken`)
  })

  it('takes what people and exports write', () => {
    for (const one of [
      'apiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: {name: b1}\nspec: {domain: d1.example, owner: security, reason: bulk}\n',
      '---\n# who\napiVersion: gatehouse/v1\nkind: Partner\nmetadata:\n  name: fabrikam\nspec:\n  domains:\n    - fabrikam.example\n    - 1and1.example\n  edge: sip.fabrikam.example:5061\n\n  enabled: true\n  links: 2\n',
      'kind: BlockEntry\nspec:\n  reason: "spam, ticket #5: see mail"\n  expires: 2027-01-31\n',
    ])
      assert.ok(checkAgainstLibrary(one), one)
  })

  it('is written as the library writes it, or left to it', () => {
    const word = fc.oneof(scalar, fc.boolean(), fc.integer(), fc.double(), fc.constant(null))
    const leaf = fc.oneof(word, fc.array(word, { maxLength: 3 }))
    const map = fc.dictionary(
      fc.constantFrom('a', 'b', 'domain', 'spec'),
      fc.oneof(leaf, fc.dictionary(fc.constantFrom('x', 'y'), leaf, { noNullPrototype: true })),
      { noNullPrototype: true },
    )
    let taken = 0
    fc.assert(
      fc.property(map, (one) => {
        const written = writePlain(one)
        if (written === undefined) return
        taken++
        assert.equal(written, stringify(one, { lineWidth: 0, version: '1.2' }))
        const again = readPlain(written)
        if (again !== undefined) assert.deepEqual(again.value, one)
      }),
      { numRuns: 500 },
    )
    assert.ok(taken > 10, `${taken} taken`)
  })
})
