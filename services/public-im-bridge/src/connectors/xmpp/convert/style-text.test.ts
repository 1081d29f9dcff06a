import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { styleText } from './style-text.ts'

/** XEP-0393's own examples and their neighbours. */
const ROWS: readonly (readonly [text: string, html: string | undefined])[] = [
  ['plain', undefined],
  ['2 * 3 * 4', undefined],
  ['*strong*', '<strong>strong</strong>'],
  ['plain *strong* plain', 'plain <strong>strong</strong> plain'],
  ['not strong*', undefined],
  ['*not strong', undefined],
  ['* not strong *', undefined],
  ['**', undefined],
  ['a*b*', undefined],
  ['_em_ ~gone~ `code *not*`', '<em>em</em> <s>gone</s> <code>code *not*</code>'],
  ['*this _is_ both*', '<strong>this <em>is</em> both</strong>'],
  ['_<script>_', '<em>&lt;script&gt;</em>'],
  ['```\nlet a = *b*\n```\nafter', '<pre>let a = *b*</pre>after'],
  ['```\nno end', '<pre>no end</pre>'],
  ['> quoted\n> *more*\nmine', '<blockquote>quoted<br><strong>more</strong></blockquote>mine'],
  ['>> twice', '<blockquote><blockquote>twice</blockquote></blockquote>'],
]

for (const [text, html] of ROWS) test(`styling: ${JSON.stringify(text)}`, () => assert.equal(styleText(text), html))

test('whatever is written: no mark-up of the writer gets through, and it ends', () => {
  const piece = fc.constantFrom('*', '_', '~', '`', '```', '>', ' ', '\n', 'a', '<b>', '&', '"')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const html = styleText(pieces.join(''))
      assert.ok(html === undefined || !html.replace(/<\/?(?:strong|em|s|code|pre|blockquote|br)>/g, '').match(/[<>"]/))
    }),
  )
  assert.equal(typeof styleText('>'.repeat(10_000)), 'string')
})
