import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import type { MessageContent } from '@gatehouse/im-model'
import fc from 'fast-check'
import { filterContent } from './filter-content.ts'
import { content, filterOf } from './testing/samples.ts'

const block = filterOf()
const neutral = filterOf({ action: 'neutralise' })
/** Pieces that links, their disguises and their carriers are made of. */
const piece = fc.constantFrom(
  ..."http https file ftp www mailto tel sip href : :// . = _ % %3a %68 %2 %25 5f a f x 1 / \\ \" ' < > <b> </b> <!-- --> &#104; &#x6 &colon; &amp ; \u200b \u00ad \uff48 \uff1a \uff0e \u3002 \uff3f \u2063\u2063 <a <a\u0020href= src= \\'68 \\u104? \\b0 { } \\par HYPERLINK intranet fabrikam.example .exe \r\n @ ? # - é \ufb01 \ud800 \0".split(
    ' ',
  ),
  ' ',
)
const soup = fc
  .array(fc.oneof({ weight: 6, arbitrary: piece }, fc.string({ maxLength: 6 })), { maxLength: 40 })
  .map((pieces) => pieces.join(''))
const type = fc.constantFrom('text/plain', 'text/html', 'text/rtf', 'application/xhtml+xml', '', 'text/x-other')
const runs = { numRuns: 3000 }

describe('properties', () => {
  it('what was made harmless has no link any more', () => {
    fc.assert(
      fc.property(type, soup, (essence, text) => {
        const outcome = filterContent(neutral, content(essence, text))
        if (outcome.content === undefined) return
        const again = filterContent(block, outcome.content)
        assert.equal(again.verdict, 'pass', `${again.detail}: ${Buffer.from(outcome.content.body).toString()}`)
      }),
      runs,
    )
  })

  it('what the blocking filter lets pass the other leaves alone, and the other way round', () => {
    fc.assert(
      fc.property(type, soup, (essence, text) => {
        const isClean = filterContent(block, content(essence, text)).verdict === 'pass'
        assert.equal(filterContent(neutral, content(essence, text)).verdict === 'pass', isClean)
      }),
      runs,
    )
  })

  it('nothing makes it throw', () => {
    const anyType = fc.oneof(
      type,
      fc.string(),
      fc.constantFrom(
        'multipart/mixed; boundary=a',
        'multipart/alternative; boundary="',
        'message/cpim',
        'text/x-msmsgsinvite',
        'text/plain; charset=utf-16le',
      ),
    )
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      soup.map((text) => Buffer.from(`--a\r\n${text}\r\n\r\n${text}\r\n--a--`)),
    )
    const textFormat = fc.oneof(
      fc.constant([]),
      fc.array(soup, { maxLength: 2 }),
      soup.map((text) => [`text/html;ms-body=${Buffer.from(text).toString('base64')}`]),
    )
    fc.assert(
      fc.property(anyType, body, textFormat, (contentType, bytes, values) => {
        const outcome = filterContent(neutral, { contentType, body: bytes, textFormat: values })
        assert.ok(outcome.verdict !== 'alter' || outcome.content !== undefined)
      }),
      runs,
    )
  })
})

describe('work grows with the length, not faster', () => {
  /** Texts made to keep a careless scanner busy; each is written twice as long and four times. */
  const hostile: Readonly<Record<string, readonly [type: string, make: (size: number) => string]>> = {
    colons: ['text/plain', (size) => 'http:'.repeat(size / 5)],
    'colons with slashes': ['text/plain', (size) => 'http://'.repeat(size / 7)],
    'one long link of links': ['text/plain', (size) => `http://${'x.http:'.repeat(size / 7)}`],
    dots: ['text/plain', (size) => '.'.repeat(size)],
    'www without end': ['text/plain', (size) => 'www'.repeat(size / 3)],
    'www with dashes': ['text/plain', (size) => 'www-'.repeat(size / 4)],
    'labels of www': ['text/plain', (size) => `${'www-'.repeat(15)}.`.repeat(size / 61)],
    'spaces before equals': ['text/plain', (size) => `${' '.repeat(60)}=`.repeat(size / 61)],
    'percent signs': ['text/plain', (size) => '%25'.repeat(size / 3)],
    'percent signs nested': ['text/plain', (size) => `${'%25'.repeat(20)}41`.repeat(size / 62)],
    'full-width letters': ['text/plain', (size) => '\uff48'.repeat(size)],
    'open tags': ['text/html', (size) => '<'.repeat(size)],
    'open letters': ['text/html', (size) => '<a '.repeat(size / 3)],
    'open comments': ['text/html', (size) => '<!--'.repeat(size / 4)],
    'dashes in a comment': ['text/html', (size) => `<!--${'-'.repeat(size)}`],
    'open quotes': ['text/html', (size) => `<a ${'x="'.repeat(size / 3)}`],
    attributes: ['text/html', (size) => `<a ${'href=x '.repeat(size / 7)}>`],
    ampersands: ['text/html', (size) => '&'.repeat(size)],
    'long references': ['text/html', (size) => `&#${'0'.repeat(size)}`],
    scripts: ['text/html', (size) => '<script></s'.repeat(size / 11)],
    groups: ['text/rtf', (size) => '{'.repeat(size)],
    controls: ['text/rtf', (size) => '\\u1'.repeat(size / 3)],
    fields: ['text/rtf', (size) => 'HYPERLINK '.repeat(size / 10)],
    binary: ['text/rtf', (size) => '\\bin1 '.repeat(size / 6)],
  }
  for (const [name, [essence, make]] of Object.entries(hostile)) {
    it(name, () => {
      for (const filter of [neutral, filterOf({ action: 'off' })]) {
        const steps = [20_000, 40_000, 80_000].map((size) => filterContent(filter, content(essence, make(size))).steps)
        const [small = 0, middle = 0, large = 0] = steps
        assert.ok(large <= 2.2 * middle + 1000 && middle <= 2.2 * small + 1000, `${name}: ${steps.join(', ')}`)
        assert.ok(large <= 80_000 * 80, `${name}: ${large} steps`)
      }
    })
  }

  it('multiparts inside each other and parts without end', () => {
    const make = (count: number): MessageContent => content('multipart/mixed; boundary=a', '--a\r\n'.repeat(count))
    const deep = (count: number): MessageContent =>
      content('multipart/mixed; boundary=a', `--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n${'--a\r\n\r\nx\r\n'.repeat(count)}`)
    for (const outcome of [filterContent(neutral, make(100_000)), filterContent(neutral, deep(100_000))])
      assert.equal(outcome.cause, 'unreadable')
  })
})
