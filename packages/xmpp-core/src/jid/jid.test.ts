import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { escapeLocal, unescapeLocal } from './escape-local.ts'
import { jidText, parseJid } from './jid.ts'

/** RFC 7622 §3.5, Table 1 (numbers of its lines) and neighbours. */
const VALID: readonly (readonly [text: string, prepared: string])[] = [
  ['juliet@example.org', 'juliet@example.org'],
  ['juliet@example.org/foo', 'juliet@example.org/foo'],
  ['juliet@example.org/foo bar', 'juliet@example.org/foo bar'],
  ['juliet@example.org/foo@bar', 'juliet@example.org/foo@bar'],
  ['foo\\20bar@example.org', 'foo\\20bar@example.org'],
  ['fussball@example.org', 'fussball@example.org'],
  ['fu\u00dfball@example.org', 'fu\u00dfball@example.org'],
  ['\u03c0@example.org', '\u03c0@example.org'],
  ['\u03a3@example.org/foo', '\u03c3@example.org/foo'],
  ['\u03c3@example.org/foo', '\u03c3@example.org/foo'],
  ['king@example.org/\u265a', 'king@example.org/\u265a'],
  ['example.org', 'example.org'],
  ['example.org/foobar', 'example.org/foobar'],
  ['a.example.org/b@example.net', 'a.example.org/b@example.net'],
  ['Alice@Contoso.Example.', 'alice@contoso.example'],
  ['\uff21lice@contoso.example', 'alice@contoso.example'],
  ['e\u0301@contoso.example', '\u00e9@contoso.example'],
  ['a@b\u00fccher.example', 'a@xn--bcher-kva.example'],
  ['\u05d0\u05d1@contoso.example', '\u05d0\u05d1@contoso.example'],
  ['a@b.example/a/b', 'a@b.example/a/b'],
]

for (const [text, prepared] of VALID) {
  test(`${text} is ${prepared}`, () => {
    const jid = parseJid(text)
    assert.ok(jid !== undefined)
    assert.equal(jidText(jid), prepared)
    assert.deepEqual(parseJid(prepared), jid, 'preparing twice changes nothing')
  })
}

const INVALID: readonly (readonly [why: string, text: string])[] = [
  ['quotation mark', '"juliet"@example.org'],
  ['space in the local part', 'foo bar@example.org'],
  ['empty resource', 'juliet@example.org/'],
  ['no domain', 'juliet@'],
  ['no local part', '@example.org'],
  ['empty', ''],
  ['only a resource', '/foobar'],
  ['Roman numeral: compatibility form', 'henry\u2163@example.org'],
  ['a symbol', '\u265a@example.org'],
  ['a control character', 'a\u0007@example.org'],
  ['NUL in the resource', 'a@example.org/\0'],
  ['zero-width joiner', 'a\u200db@example.org'],
  ['right-to-left override', 'a\u202eb@example.org'],
  ['Hebrew and Latin mixed', 'a\u05d0@example.org'],
  ['IPv4', 'a@127.0.0.1'],
  ['IPv4 in hexadecimal', 'a@0x7f.0x1'],
  ['IPv6', 'a@[::1]'],
  ['a port', 'a@example.org:5269'],
  ['a percent sign', 'a@ex%61mple.org'],
  ['two @', 'a@b@example.org'],
  ['full-width digits that make an address', 'a@\uff11\uff12\uff17.0.0.1'],
  ['1,024 octets', `${'a'.repeat(1024)}@example.org`],
  ['1,024 octets in two-byte letters', `${'\u00e9'.repeat(512)}@example.org`],
  ['a lone surrogate', 'a\ud800@example.org'],
]

for (const [why, text] of INVALID) test(`no address: ${why}`, () => assert.equal(parseJid(text), undefined))

test('XEP-0106: its own examples, and every user part comes back', () => {
  for (const [user, local] of [
    ["d'artagnan", 'd\\27artagnan'],
    ['space cadet', 'space\\20cadet'],
    ['call me "ishmael"', 'call\\20me\\20\\22ishmael\\22'],
    ['at&t guy', 'at\\26t\\20guy'],
    ['/.fanboy', '\\2f.fanboy'],
    ['c:\\net', 'c\\3a\\net'],
    ['c:\\5commas', 'c\\3a\\5c5commas'],
    ['treville\\40musketeers', 'treville\\5c40musketeers'],
  ] as const) {
    assert.equal(escapeLocal(user), local)
    assert.equal(unescapeLocal(local), user)
  }
  fc.assert(fc.property(fc.string(), (user) => unescapeLocal(escapeLocal(user)) === user))
})

test('whatever comes: no exception, and what is accepted stays as it is when it is parsed again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', 'a@', 'example.org/'), (tail, head) => {
      const jid = parseJid(head + tail)
      if (jid !== undefined) assert.deepEqual(parseJid(jidText(jid)), jid)
    }),
  )
})
