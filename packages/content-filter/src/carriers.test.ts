import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import type { MessageContent } from '@gatehouse/im-model'
import { filterContent } from './filter-content.ts'
import { content, filterOf, multipart, rtfOf, textFormat } from './testing/samples.ts'

const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const quoted = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('=\r\n')

/** Every way a text can travel. */
const carriers: Readonly<Record<string, (text: string) => MessageContent>> = {
  'text/plain': (text) => content('text/plain; charset=UTF-8', text),
  'no type': (text) => content('', text),
  'UTF-16': (text) => content('text/plain; charset=utf-16le', Buffer.from(text, 'utf16le')),
  'UTF-16 by its mark': (text) => content('text/plain', Buffer.from(`\ufeff${text}`, 'utf16le')),
  'text/html': (text) => content('text/html', `<html><body><p>${escapeHtml(text)}</p></body></html>`),
  'html attribute': (text) => content('text/html', `<meta name="description" content="${escapeHtml(text)}">`),
  XHTML: (text) => content('application/xhtml+xml', `<html xmlns="http://www.w3.org/1999/xhtml"><body>${escapeHtml(text)}</body></html>`),
  'text/rtf': (text) => content('text/rtf', rtfOf(text)),
  'multipart/alternative': (text) => multipart('alternative', ['Content-Type: text/html', '<p>hi</p>'], ['Content-Type: text/plain', text]),
  'base64 part': (text) => multipart('mixed', ['Content-Type: text/plain\r\nContent-Transfer-Encoding: base64', base64(text)]),
  'quoted-printable part': (text) =>
    multipart('related', ['Content-Type: text/plain;\r\n charset=utf-8\r\nContent-Transfer-Encoding: Quoted-Printable', quoted(text)]),
  'nested multipart': (text) =>
    multipart('mixed', [
      'Content-Type: multipart/alternative; boundary=b2',
      `--b2\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--b2--\r\n`,
    ]),
  'part without headers': (text) => multipart('mixed', ['', text]),
  'message/cpim': (text) =>
    content('message/cpim', `From: <im:a@contoso.example>\r\n\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}`),
  'ms-text-format': (text) => textFormat('text/plain; charset=UTF-8', text),
  'ms-text-format, html': (text) => textFormat('text/html', escapeHtml(text)),
}

/** One link, hidden in every way that a program undoes again. */
const evasions: Readonly<Record<string, string>> = {
  plain: 'see http://fabrikam.example/x now',
  case: 'see hTtP://fabrikam.example',
  'www without scheme': 'go to www.fabrikam.example today',
  www2: 'WWW2.fabrikam.example',
  'ftp without scheme': '(ftp.fabrikam.example)',
  'a word before it': 'seehttps://fabrikam.example',
  'percent-encoded colon': 'http%3A//fabrikam.example',
  'percent-encoded letter': '%68ttp://fabrikam.example',
  'percent-encoded twice': 'http%253a%252f%252ffabrikam.example',
  'percent sign before it': '100%http://fabrikam.example',
  'half an escape before it': '%6file://fabrikam.example/x',
  'full-width letters': '\uff48\uff54\uff54\uff50\uff1a\uff0f\uff0ffabrikam.example',
  'full-width dot': 'www\uff0efabrikam\uff0eexample',
  'ideographic full stop': 'www\u3002fabrikam\u3002example',
  'mathematical letters': '\u{1d421}\u{1d42d}\u{1d42d}\u{1d429}://fabrikam.example',
  ligature: '\ufb01le://fabrikam.example/x',
  'zero-width space inside': 'ht\u200btp://fabrikam.example',
  'zero-width space before': 'word\u200bmailto:a@fabrikam.example',
  'soft hyphen': 'ht\u00adtp:\u00ad//fabrikam.example',
  'word joiner': 'www\u2060.fabrikam.example',
  'variation selector': 'h\ufe0fttp://fabrikam.example',
  'right-to-left override': '\u202ehttp://fabrikam.example',
  'underscore and a hidden character': '_\u200bhttp://fabrikam.example',
  'full-width underscore': '\uff3fhttp://fabrikam.example',
  'no slashes': 'http:fabrikam.example',
  'IDN host': 'http://b\u00fccher.example/',
  punycode: 'http://xn--bcher-kva.example/',
  mail: 'mailto:a@fabrikam.example',
  'sip address': 'sip:a@fabrikam.example',
  telephone: 'tel:+15550100',
  'user part before the host': 'http://intranet@fabrikam.example/',
  'number for a host': 'http://3221225985/',
  'hexadecimal host': 'http://0xc0000201/',
  'escaped dot in the host': 'http://fabrikam%2eexample/',
  'ideographic dot in the host': 'http://fabrikam\u3002example/',
  backslash: 'http://intranet\\.fabrikam.example/',
}

describe('every evasion in every carrier', () => {
  const block = filterOf()
  const neutral = filterOf({ action: 'neutralise' })
  for (const [carrier, wrap] of Object.entries(carriers)) {
    it(carrier, () => {
      for (const [name, text] of Object.entries(evasions)) {
        const blocked = filterContent(block, wrap(text))
        assert.equal(blocked.verdict, 'block', `${carrier}: ${name} passes`)
        assert.equal(blocked.cause, 'link', `${carrier}: ${name}: ${blocked.detail}`)
        const altered = filterContent(neutral, wrap(text))
        assert.equal(altered.verdict, 'alter', `${carrier}: ${name} is not altered: ${altered.detail}`)
        const again = filterContent(block, altered.content as MessageContent)
        assert.equal(again.verdict, 'pass', `${carrier}: ${name} is still a link: ${JSON.stringify(show(altered.content))}`)
      }
    })
  }

  it('text of two bytes per character that is passed off as UTF-8', () => {
    const bytes = Buffer.from('see http://fabrikam.example', 'utf16le')
    assert.equal(filterContent(block, content('text/plain', bytes)).cause, 'link')
  })

  it('innocent texts pass in all of them', () => {
    const innocent = [
      'Hello Bob. How are you?',
      'hotel: the Ritz, news: none, profile:x',
      'at 10:30, ratio 3:4, e.g. this... or i.e. that',
      'a = b; c == d',
      'so long, and thanks for all the fish',
      'see _http://fabrikam.example and _www.fabrikam.example',
      'http://intranet/wiki and http://intranet:8080/x',
      'caf\u00e9 \u4f60\u597d \u{1f600} 100% sure',
      'I use ftp. You use www. too',
      'swww.x, gossip:x',
    ]
    for (const [carrier, wrap] of Object.entries(carriers)) {
      for (const text of innocent) {
        const outcome = filterContent(block, wrap(text))
        assert.equal(outcome.verdict, 'pass', `${carrier}: ${text}: ${outcome.detail}`)
      }
    }
  })
})

/** Links that only one carrier can hide. */
describe('html', () => {
  const cases: Readonly<Record<string, string>> = {
    'decimal reference': '<p>&#104;ttp://fabrikam.example',
    'reference without semicolon': '<p>&#104ttp&#58//fabrikam.example',
    'hexadecimal reference with zeros': '<p>&#x0000068;ttp&colon;&sol;&sol;fabrikam.example',
    'letter of another alphabet by name': '<p>&hscr;ttp://fabrikam.example',
    'comment inside': '<p>ht<!-- x -->tp://fabrikam.example',
    'empty comment inside': '<p>ht<!-->tp://fabrikam.example',
    'tag inside': '<p>ht<b>t</b>p://fabrikam.example',
    'tag before': '<p>word<i></i>mailto:a@fabrikam.example',
    'underscore outside the tag': '<p>_<b>http://fabrikam.example</b>',
    href: '<a href="http://fabrikam.example/">x</a>',
    'href without scheme': '<a href="//fabrikam.example/">x</a>',
    'href in capitals without quotes': '<A HREF=//fabrikam.example>x</A>',
    'href behind a slash': '<a/href=//fabrikam.example>x</a>',
    'href without a space before it': '<a title="x"href="//fabrikam.example">x</a>',
    'href by references': '<a href="&#104;&Tab;ttp://fabrikam.example">x</a>',
    'script address': '<a href="java&#x0a;script:alert(1)">x</a>',
    'picture that is fetched': '<img src="//fabrikam.example/x.png">',
    form: '<form action="//fabrikam.example"></form>',
    refresh: '<meta http-equiv=refresh content="0;url=//fabrikam.example">',
    'svg link': '<svg><a xlink:href="//fabrikam.example">x</a></svg>',
    style: '<p style="background:url(http://fabrikam.example/x)">x',
    'inside a comment': '<!-- http://fabrikam.example -->',
    'inside a script': '<script>location="http://fabrikam.example"</script>',
    'host split by a tag': '<p>http://intranet<b></b>.fabrikam.example</p>',
    'local link to elsewhere': '<a href="http://intranet&#x3002;fabrikam.example/">x</a>',
    'unfinished tag': '<a href="http://fabrikam.example',
    'after a comment in a script': '<script><!--</script>ht<b></b>tp://fabrikam.example',
    'hidden namespace': '<a title=\'xmlns="\' href="http://fabrikam.example">x</a>',
  }
  for (const [name, source] of Object.entries(cases)) {
    it(name, () => {
      assert.equal(filterContent(filterOf(), content('text/html', source)).cause, 'link')
      const altered = filterContent(filterOf({ action: 'neutralise' }), content('text/html', source))
      assert.equal(altered.verdict, 'alter')
      assert.equal(filterContent(filterOf(), altered.content as MessageContent).verdict, 'pass', show(altered.content).body)
    })
  }

  it('takes the link out of an anchor and leaves the rest as it is', () => {
    const source = '<p class="a">See <a title=t href="http://fabrikam.example/">http://fabrikam.example/</a>&nbsp;!</p>'
    const altered = filterContent(filterOf({ action: 'neutralise' }), content('text/html', source))
    assert.equal(
      show(altered.content).body,
      '<p class="a">See <a title=t _href="_http://fabrikam.example/">_http://fabrikam.example/</a>&nbsp;!</p>',
    )
  })

  it('lets local links, anchors, parts of the message and namespaces pass', () => {
    const sources = [
      '<a href="http://intranet/x">x</a>',
      '<a href="#top">x</a>',
      '<img src="cid:part1@contoso.example">',
      '<img src="data:image/png;base64,iVBORw0KGgo=">',
      '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"><html xmlns="http://www.w3.org/1999/xhtml"><p>x</p></html>',
    ]
    for (const source of sources) assert.equal(filterContent(filterOf(), content('text/html', source)).verdict, 'pass', source)
  })
})

describe('rtf', () => {
  const cases: Readonly<Record<string, string>> = {
    'hexadecimal escape': String.raw`{\rtf1 \'68ttp://fabrikam.example}`,
    'unicode escape': String.raw`{\rtf1 \u104?ttp://fabrikam.example}`,
    'unicode escape with a long substitute': String.raw`{\rtf1\uc3 \u104 xyzttp://fabrikam.example}`,
    'control word inside': String.raw`{\rtf1 ht\b0 tp://fabrikam.example}`,
    'group inside': String.raw`{\rtf1 ht{\i t}p://fabrikam.example}`,
    'optional hyphen inside': String.raw`{\rtf1 ht\-tp://fabrikam.example}`,
    'line end inside': '{\\rtf1 ht\r\ntp://fabrikam.example}',
    'hyperlink field': String.raw`{\rtf1 {\field{\*\fldinst{HYPERLINK "http://fabrikam.example"}}{\fldrslt click}}}`,
    'hyperlink field without scheme': String.raw`{\rtf1 {\field{\*\fldinst HYPERLINK "fabrikam.example/x"}{\fldrslt click}}}`,
    'hyperlink field in pieces': String.raw`{\rtf1 {\field{\*\fldinst HYPER\b0 LINK "//fabrikam.example"}{\fldrslt click}}}`,
  }
  for (const [name, source] of Object.entries(cases)) {
    it(name, () => {
      assert.equal(filterContent(filterOf(), content('text/rtf', source)).cause, 'link')
      const altered = filterContent(filterOf({ action: 'neutralise' }), content('text/rtf', source))
      assert.equal(altered.verdict, 'alter', altered.detail)
      assert.equal(filterContent(filterOf(), altered.content as MessageContent).verdict, 'pass', show(altered.content).body)
    })
  }
})

function show(altered: MessageContent | undefined): { contentType: string; body: string; textFormat: readonly string[] } {
  assert.ok(altered)
  return { contentType: altered.contentType, body: Buffer.from(altered.body).toString(), textFormat: altered.textFormat }
}
