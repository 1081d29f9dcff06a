import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import type { MessageContent } from '@gatehouse/im-model'
import { patternProblem } from './compile-filter.ts'
import { filterContent } from './filter-content.ts'
import { DEFAULT_EXTENSIONS, DEFAULT_PREFIXES } from './rules.ts'
import { content, filterOf, multipart, rtfOf, textFormat } from './testing/samples.ts'
import { isPrefix } from './text/prefixes.ts'
import { filterText } from './text-judge.ts'

const MARK = '\u2063\u2063'

function textOf(altered: MessageContent | undefined): string {
  assert.ok(altered)
  return Buffer.from(altered.body).toString()
}

describe('links to files', () => {
  const harmful = [
    'http://fabrikam.example/setup.exe',
    'http://fabrikam.example/SETUP.EXE',
    'http://fabrikam.example/setup.exe?version=2',
    'http://fabrikam.example/setup.exe#top',
    'http://fabrikam.example/get?file=setup.exe&x=1',
    'http://fabrikam.example/setup%2Eexe',
    'http://fabrikam.example/setup.%65xe',
    'http://fabrikam.example/setup.exe%00.jpg',
    'http://fabrikam.example/setup.exe.',
    "http://fabrikam.example/a'b.exe",
    `http://fabrikam.example/${'a'.repeat(9000)}.exe`,
    'http://fabrikam.example/setup\uff0eexe',
    'http://fabrikam.example/set\u200bup.e\u00adxe',
    // written so that no real name stands in a source file
    `http://fabrikam.example/letter.${'com'}`,
    'http://fabrikam.example/http://other.example/setup.exe',
    'www.fabrikam.example/setup.exe',
    'ftp.fabrikam.example/setup.exe',
    'file://fabrikam.example/share/setup.exe',
    'file:setup.exe',
  ]
  const harmless = [
    'http://fabrikam.example/',
    'http://www.fabrikam.example',
    'http://fabrikam.example/setup.exe.jpg',
    'http://fabrikam.example/setup.exeter',
    'http://fabrikam.example/?u=http://www.contoso.example/',
    'mailto:a@fabrikam.example',
  ].concat(['com', 'pl'].map((domain) => `http://fabrikam.example/?from=contoso.${domain}`))

  it('are blocked, whatever the action for links', () => {
    for (const action of ['neutralise', 'warn', 'off', 'block'] as const) {
      for (const text of harmful) {
        const { cause, detail } = filterContent(filterOf({ action }), content('text/plain', text))
        assert.equal(cause, 'extension', `${action}: ${text}: ${detail}`)
      }
    }
  })
  it('are not seen where there are none', () => {
    for (const text of harmless) assert.equal(filterContent(filterOf({ action: 'off' }), content('text/plain', text)).verdict, 'pass', text)
  })
  it('pass when the switch is off', () => {
    const filter = filterOf({ action: 'off', blockExtensions: false })
    for (const text of harmful) assert.equal(filterContent(filter, content('text/plain', text)).verdict, 'pass', text)
  })
  it('are found in markup and fields, though the host is local', () => {
    for (const [type, source] of [
      ['text/html', '<a href="setup.exe">x</a>'],
      ['text/html', '<a href="http://fabrikam.example/setup&#46;exe">x</a>'],
      ['text/rtf', String.raw`{\rtf1 {\field{\*\fldinst HYPERLINK "fabrikam/setup.exe"}}}`],
    ] as const) {
      assert.equal(filterContent(filterOf({ action: 'off' }), content(type, source)).cause, 'extension', source)
    }
  })
})

describe('local zone', () => {
  const filter = filterOf({ localDomains: ['contoso.example'] })
  it('is single-label hosts and the configured domains', () => {
    for (const text of [
      'http://wiki/x',
      'http://wiki/x?mail=a@contoso.example',
      'https://wiki:8443',
      'http://www.contoso.example/x',
      'HTTP://CONTOSO.EXAMPLE?x',
      'www.contoso.example',
    ]) {
      assert.equal(filterContent(filter, content('text/plain', text)).verdict, 'pass', text)
    }
  })
  it('is nothing that programs could read otherwise', () => {
    const texts = [
      'http://wiki@fabrikam.example/',
      'http://fabrikam.example\\@wiki/',
      'http://wiki\\.fabrikam.example/',
      'http:wiki',
      'http:/wiki',
      'http:///wiki',
      'http://xcontoso.example/',
      'http://contoso.example.fabrikam.example/',
      'http://contoso.example%2efabrikam.example/',
      'http://contoso.example,fabrikam.example/',
      "http://wiki'fabrikam.example/",
      'http://127.0.0.1/',
      'http://0x7f.1/',
      'http://[::1]/',
      'http://wiki:99999999/',
      'http://wiki#@fabrikam.example/',
      'http://wiki?@fabrikam.example/',
    ]
    for (const text of texts) assert.equal(filterContent(filter, content('text/plain', text)).cause, 'link', text)
  })
  it('counts as anything else when it is not ignored', () => {
    assert.equal(filterContent(filterOf({ ignoreLocal: false }), content('text/plain', 'http://wiki/')).cause, 'link')
  })
})

describe('notices', () => {
  const warn = filterOf({ action: 'warn', warnText: 'Links can harm. <Do not trust>' })
  it('stand in front and leave links active', () => {
    const { content: altered } = filterContent(warn, content('text/plain', 'see http://fabrikam.example'))
    assert.equal(textOf(altered), `${MARK}Links can harm. <Do not trust>${MARK}\r\nsee http://fabrikam.example`)
  })
  it('replace one that an earlier gate put there, in every carrier', () => {
    const cases: Readonly<Record<string, string>> = {
      'text/plain': 'http://fabrikam.example',
      'text/html': '<html><body class="x">&nbsp;<b>http://fabrikam.example</b></body></html>',
      'text/rtf': rtfOf('http://fabrikam.example'),
    }
    for (const [type, source] of Object.entries(cases)) {
      const first = filterContent(filterOf({ action: 'warn', warnText: 'Earlier one \u00e9' }), content(type, source)).content
      const second = filterContent(warn, first as MessageContent).content
      const text = textOf(second)
      assert.ok(!text.includes('Earlier'), `${type}: ${text}`)
      assert.ok(text.includes('Links can harm'), text)
      assert.equal(text.split(type === 'text/rtf' ? '\\u8291?\\u8291?' : MARK).length, 3, text)
    }
  })
  it('are not taken out where that would join what stood apart', () => {
    const text = `http://a.example ht${MARK}x${MARK}tp://fabrikam.example/setup.exe`
    assert.ok(textOf(filterContent(warn, content('text/plain', text)).content).includes(`ht${MARK}x${MARK}tp`))
  })
  it('follow the body tag', () => {
    const { content: altered } = filterContent(warn, content('text/html', '<html><body id=x>http://fabrikam.example'))
    assert.equal(textOf(altered), `<html><body id=x><p>${MARK}Links can harm. &lt;Do not trust&gt;${MARK}</p>http://fabrikam.example`)
  })
  it('come with harmless links when the filter has one', () => {
    const { content: altered } = filterContent(
      filterOf({ action: 'neutralise', warnText: 'N' }),
      content('text/plain', 'www.fabrikam.example'),
    )
    assert.equal(textOf(altered), `${MARK}N${MARK}\r\n_www.fabrikam.example`)
  })
  it('without a text, warn looks for files only', () => {
    assert.equal(filterContent(filterOf({ action: 'warn' }), content('text/plain', 'www.fabrikam.example')).verdict, 'pass')
  })
})

describe('number of links', () => {
  const links = (count: number): string => Array.from({ length: count }, (_, index) => `http://h${index}.example`).join(' ')
  it('1000 may pass, one more is too many', () => {
    for (const action of ['neutralise', 'warn', 'off'] as const) {
      assert.notEqual(filterContent(filterOf({ action, warnText: 'w' }), content('text/plain', links(1000))).verdict, 'block')
      assert.equal(filterContent(filterOf({ action, warnText: 'w' }), content('text/plain', links(1001))).cause, 'too-many-links')
    }
  })
})

describe('number of links in several parts', () => {
  it('counts together', () => {
    const part = (name: string): readonly [string, string] => [
      '',
      Array.from({ length: 600 }, (_, index) => `http://${name}${index}.example`).join(' '),
    ]
    assert.equal(filterContent(filterOf({ action: 'neutralise' }), multipart('mixed', part('a'), part('b'))).cause, 'too-many-links')
  })
})

describe('files', () => {
  const offer = (name: string): MessageContent =>
    content(
      'text/x-msmsgsinvite; charset=UTF-8',
      `Application-Name: File Transfer\r\nInvitation-Command: INVITE\r\nApplication-File: ${name}\r\n`,
    )
  const attached = (head: string): MessageContent => multipart('mixed', ['Content-Type: text/plain', 'hi'], [head, 'TVqQ'])

  it('offers are refused by extension', () => {
    for (const name of [
      'a.exe',
      'A.EXE',
      'a.exe.',
      'a.exe ',
      '"a.exe"',
      'a\uff0eexe',
      'a.e\u200bxe',
      'a.exe::$DATA',
      'a\u202egpj.exe',
      'a%2Eexe',
      '..\\a.vbs',
    ])
      assert.equal(filterContent(filterOf(), offer(name)).cause, 'file', name)
    for (const name of ['a.jpg', 'exe', 'a.exe.txt', '']) assert.equal(filterContent(filterOf(), offer(name)).verdict, 'pass', name)
  })
  it('offers are refused altogether; what is no offer passes', () => {
    assert.equal(filterContent(filterOf({}, { action: 'blockAll' }), offer('a.jpg')).cause, 'file')
    assert.equal(filterContent(filterOf({}, { action: 'off' }), offer('a.exe')).verdict, 'pass')
    const cancel = content('text/x-msmsgsinvite', 'Invitation-Command: CANCEL\r\nCancel-Code: REJECT\r\n')
    assert.equal(filterContent(filterOf({}, { action: 'blockAll' }), cancel).verdict, 'pass')
  })
  it('offers in the first message of a session are refused too', () => {
    const body = 'Application-File: a.scr\r\n'
    assert.equal(filterContent(filterOf(), textFormat('text/x-msmsgsinvite', body)).cause, 'file')
  })
  it('attached files are refused by the name in either header', () => {
    const heads = [
      'Content-Type: application/octet-stream; name="a.exe"',
      'Content-Type: image/gif\r\nContent-Disposition: attachment; filename=a.exe',
      'Content-Type: image/gif\r\nContent-Disposition: attachment;\r\n filename="a\\.exe"',
      "Content-Type: image/gif\r\nContent-Disposition: attachment; filename*=utf-8''a%2eexe",
      'Content-Type: image/gif\r\nContent-Disposition: attachment; filename*1=".exe"; filename*0="a"',
    ]
    for (const head of heads) assert.equal(filterContent(filterOf(), attached(head)).cause, 'file', head)
    assert.equal(filterContent(filterOf(), attached('Content-Type: image/gif; name=a.gif')).verdict, 'pass')
  })
})

describe('patterns', () => {
  const secret = { name: 'falcon', pattern: '(?i)project\\s+falcon', action: 'block', reason: 'confidential' } as const
  const filter = filterOf({ action: 'off' }, {}, [
    secret,
    { name: 'card', pattern: '\\b\\d{16}\\b', action: 'warn', reason: 'Card number' },
  ])
  it('block, by what people read', () => {
    for (const [type, text] of [
      ['text/plain', 'about Project  FALCON'],
      ['text/plain', 'pro\u200bject fal\u00adcon'],
      ['text/plain', '\uff30roject falcon'],
      ['text/html', '<p>pro<b>ject</b>&nbsp;f&#97;lcon'],
      ['text/html', '<p>project</p><p>falcon</p>'],
      ['text/rtf', String.raw`{\rtf1 pro\b0 ject \'66alcon}`],
    ] as const) {
      const outcome = filterContent(filter, content(type, text))
      assert.equal(outcome.cause, 'pattern', text)
      assert.match(outcome.detail, /pattern 'falcon'/)
    }
  })
  it('warn with their reason', () => {
    assert.match(textOf(filterContent(filter, content('text/plain', 'pay 4111111111111111')).content), /^\u2063\u2063Card number/)
  })
  it('that cannot be compiled are problems that say why', () => {
    assert.equal(patternProblem('(?i)fal(con|kon)'), undefined)
    for (const bad of ['(', '(?<=a)b', '\\1', '', 'a*', '((a{100}){100}){10}', 'x'.repeat(3000)])
      assert.ok(patternProblem(bad) !== undefined, bad)
  })
})

describe('what cannot be looked into is blocked', () => {
  const nested = (depth: number): string =>
    depth === 0
      ? 'Content-Type: text/plain\r\n\r\nhi'
      : `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nested(depth - 1)}\r\n--b${depth}--\r\n`
  const cases: Readonly<Record<string, MessageContent>> = {
    'unknown charset': content('text/plain; charset=utf-7', '+AGgAdAB0AHA-'),
    'a charset twice': content('text/plain; charset=utf-8; charset=utf-16le', 'x'),
    'a boundary in pieces': content('multipart/mixed; boundary=b1; boundary*0=b2', '--b1\r\n\r\nx\r\n--b1--'),
    'a line that is a delimiter to some': multipart('mixed', ['', 'x\r\n--b1http://fabrikam.example\r\ny']),
    'a compressed body': { ...content('text/plain', 'x'), contentEncoding: 'gzip' },
    'a compressed part': multipart('mixed', ['Content-Encoding: gzip', 'x']),
    'two content types': content('text/plain, text/html', 'x'),
    'multipart without boundary': content('multipart/mixed', 'x'),
    'multipart whose boundary is not there': content('multipart/mixed; boundary=q', 'x'),
    'unknown transfer encoding': multipart('mixed', ['Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uue', 'x']),
    'broken base64': multipart('mixed', ['Content-Type: text/plain\r\nContent-Transfer-Encoding: base64', 'a*b']),
    'two transfer encodings': multipart('mixed', [
      'Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64',
      'eA==',
    ]),
    'nested too deep': content('message/rfc822', nested(6)),
    'too many parts': multipart('mixed', ...Array.from({ length: 65 }, () => ['', 'x'] as const)),
    'too long': content('text/plain', 'x'.repeat(300_000)),
    'broken ms-body': { contentType: '', body: Buffer.alloc(0), textFormat: ['text/plain;ms-body=%%'] },
    'two ms-bodies': { contentType: '', body: Buffer.alloc(0), textFormat: ['text/plain;ms-body=eA==;MS-BODY=eQ=='] },
    'two ms-text-formats': { contentType: '', body: Buffer.alloc(0), textFormat: ['text/plain;ms-body=eA==', 'text/plain'] },
  }
  for (const [name, what] of Object.entries(cases)) it(name, () => assert.equal(filterContent(filterOf(), what).cause, 'unreadable'))
  it('but three levels are none too many', () =>
    assert.equal(filterContent(filterOf(), content('message/rfc822', nested(3))).verdict, 'pass'))
})

describe('what is no text for people passes', () => {
  it('typing notices, receipts, session descriptions, pictures', () => {
    for (const type of ['application/im-iscomposing+xml', 'application/ms-imdn+xml', 'application/sdp', 'image/gif', 'application/xml'])
      assert.equal(filterContent(filterOf(), content(type, 'http://fabrikam.example')).verdict, 'pass', type)
  })
})

describe('altered content', () => {
  const neutral = filterOf({ action: 'neutralise' })
  it('of another charset becomes UTF-8 and says so', () => {
    const { content: altered } = filterContent(
      neutral,
      content('text/plain; charset=iso-8859-1; x=y', Buffer.from('caf\u00e9 www.fabrikam.example', 'latin1')),
    )
    assert.equal(textOf(altered), 'caf\u00e9 _www.fabrikam.example')
    assert.equal(altered?.contentType, 'text/plain;charset=utf-8;x=y')
  })
  it('keeps everything of a multipart but the changed part', () => {
    const before = multipart(
      'mixed',
      ['Content-Type: text/plain\r\nX-Kept: yes\r\nContent-Transfer-Encoding: quoted-printable', 'www=2Efabrikam.example'],
      ['Content-Type: image/gif\r\nContent-Transfer-Encoding: base64', 'R0lGODlh'],
    )
    const { content: altered } = filterContent(neutral, before)
    const encoded = Buffer.from('_www.fabrikam.example').toString('base64')
    assert.equal(
      textOf(altered),
      `preamble\r\n--b1\r\nX-Kept: yes\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n--b1\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding: base64\r\n\r\nR0lGODlh\r\n--b1--\r\n`,
    )
  })
  it('of ms-text-format keeps its other parameters', () => {
    const { content: altered } = filterContent(neutral, textFormat('text/plain; charset=UTF-8', 'www.fabrikam.example'))
    const encoded = Buffer.from('_www.fabrikam.example').toString('base64')
    assert.deepEqual(altered?.textFormat, [`text/plain;charset=UTF-8;msgr=WAAtAE0A;ms-body=${encoded}`])
  })
  it('of a text alone, for other protocols', () => {
    assert.deepEqual(filterText(neutral, 'www.fabrikam.example'), { text: '_www.fabrikam.example' })
    assert.deepEqual(filterText(neutral, 'hello'), { text: 'hello' })
    assert.equal('cause' in filterText(neutral, 'http://fabrikam.example/a.exe'), true)
  })
})

describe('lists of the reference', () => {
  it('76 extensions, 17 prefixes, each prefix of the form that may be configured', () => {
    assert.equal(new Set(DEFAULT_EXTENSIONS).size, 76)
    assert.equal(DEFAULT_PREFIXES.length, 17)
    for (const prefix of DEFAULT_PREFIXES) assert.ok(isPrefix(prefix), prefix)
    for (const bad of ['http', 'a b:', '', ':', 'x*', '*.']) assert.ok(!isPrefix(bad), bad)
  })
  it('further prefixes can be added', () => {
    const filter = filterOf({ extraPrefixes: ['xmpp:', 'shop*.', 'im.'] })
    for (const text of ['xmpp:a@fabrikam.example', 'SHOP7.fabrikam.example', 'im.fabrikam.example'])
      assert.equal(filterContent(filter, content('text/plain', text)).cause, 'link', text)
  })
})
