import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePolicy } from './parse-policy.ts'
import { type DocumentProblem, formatDocumentProblem } from './problem.ts'

const NOW_MS = Date.parse('2026-11-22T12:00:00Z')

function problemsOf(text: string): readonly DocumentProblem[] {
  return parsePolicy([{ name: 'p.yaml', text }], { nowMs: NOW_MS }).problems
}

/** Only what the test is about: `line:column code`. */
function places(text: string): string[] {
  return problemsOf(text)
    .filter((problem) => problem.code !== 'GH-DOCUMENT-CLOSED')
    .map((problem) => `${problem.line}:${problem.column} ${problem.code}`)
}

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

const OPEN = object('FederationSettings', 'default', '{enabled: true}') + object('InternalDomain', 'contoso', '{domain: contoso.example}')

describe('parsePolicy', () => {
  it('takes every kind, with its defaults', () => {
    const text = [
      OPEN,
      object('Partner', 'fabrikam', '{domains: [Fabrikam.example], edge: "SIP.fabrikam.example:5062", methods: {deny: [invite]}}'),
      object('AllowedDomain', 'woodgrove', '{domain: woodgrove.example, expires: 2027-01-31}'),
      object('BlockEntry', 'evil', '{domain: evil.example, owner: security, reason: spim}'),
      object('Clearinghouse', 'hub', '{edge: edge.hub.example}'),
      object('Provider', 'net', '{edge: edge.net.example, domains: [net.example]}'),
      object('UserRights', 'bob', '{user: Bob@contoso.example, contacts: [alice@fabrikam.example]}'),
      object('Limits', 'default', ''),
      object('Archiving', 'default', '{}'),
    ].join('')
    const result = parsePolicy([{ name: 'p.yaml', text }], { nowMs: NOW_MS })
    assert.deepEqual(result.problems, [])
    assert.equal(result.objects.length, 10)
    const specs = new Map(result.objects.map((one) => [one.kind, one.spec]))
    assert.deepEqual(specs.get('Partner'), {
      domains: ['fabrikam.example'],
      edge: 'sip.fabrikam.example:5062',
      verification: 'useSourceVerification',
      trust: [],
      requireClientAuth: false,
      pins: [],
      methods: { deny: ['INVITE'] },
      links: 1,
      dialect: 'microsoft',
      enabled: true,
    })
    assert.deepEqual(specs.get('Limits'), { discovered: { perSecond: 20, addressees: 1000, suspiciousPerSecond: 1 }, peer: {}, user: {} })
    assert.deepEqual(specs.get('Archiving'), { duty: 'required', body: true, networks: [] })
    assert.equal((specs.get('Provider') as { enabled: boolean }).enabled, false)
  })

  it('reports all mistakes at once, each with its place and what to write', () => {
    const text = `apiVersion: gatehouse/v1
kind: Partner
metadata: {name: Fabrikam Inc}
spec:
  domain: fabrikam.example
  domains: ["*.fabrikam.example", fabrikam.example.]
  edge: 192.0.2.1
  verification: alwaysVerifyable
  links: 9
---
apiVersion: gatehouse/v2
kind: Partner
metadata: {name: x}
spec: {domains: [x.example]}
---
kind: Partnr
---
just text
---
apiVersion: gatehouse/v1
kind: BlockEntry
metadata: {name: both}
spec: {domain: bücher.example, address: sip:a@b.example, reason: r, expires: 2027-02-30}
`
    const shown = problemsOf(text).map(formatDocumentProblem)
    const expected: readonly RegExp[] = [
      /^p\.yaml:3:\d+: error: .*lower-case letters.*VALUE/,
      /^p\.yaml:5:3: error: unknown key 'domain'; did you mean 'domains'\?.*UNKNOWN-KEY/,
      /^p\.yaml:6:13: .*write 'fabrikam\.example'; whether subdomains count/,
      /^p\.yaml:6:\d+: .*without the dot/,
      /^p\.yaml:7:9: .*host name that stands in the certificate/,
      /^p\.yaml:8:17: .*did you mean 'alwaysVerifiable'\?/,
      /^p\.yaml:9:10: .*at most 4/,
      /^p\.yaml:11:13: .*apiVersion: gatehouse\/v1.*VERSION/,
      /^p\.yaml:16:7: .*unknown kind 'Partnr'; did you mean 'Partner'\?.*KIND/,
      /^p\.yaml:18:1: .*TYPE/,
      /^p\.yaml:23:\d+: .*write it as 'xn--bcher-kva\.example'/,
      /^p\.yaml:23:\d+: .*without the scheme/,
      /^p\.yaml:23:\d+: .*'spec\.owner' is missing/,
      /^p\.yaml:23:\d+: .*a date like/,
    ]
    for (const pattern of expected)
      assert.ok(
        shown.some((line) => pattern.test(line)),
        `${pattern}\n${shown.join('\n')}`,
      )
    assert.equal(shown.length, expected.length, shown.join('\n'))
  })

  it('exactly one of domain and address', () => {
    for (const spec of ['{owner: a, reason: b}', '{domain: a.example, address: x@a.example, owner: a, reason: b}']) {
      assert.deepEqual(places(OPEN + object('BlockEntry', 'b', spec)), ['14:1 GH-DOCUMENT-VALUE'])
    }
  })

  it('says where a block meets an allow, in either order, and lets it in', () => {
    const text =
      OPEN +
      object('AllowedDomain', 'eu', '{domain: eu.fabrikam.example}') +
      object('BlockEntry', 'fabrikam', '{domain: fabrikam.example, owner: a, reason: b}')
    const result = parsePolicy([{ name: 'p.yaml', text }], { nowMs: NOW_MS })
    assert.equal(result.isValid, true)
    assert.deepEqual(result.problems.map(formatDocumentProblem), [
      "p.yaml:11:1: warning: AllowedDomain/eu: 'eu.fabrikam.example' is blocked by BlockEntry/fabrikam (p.yaml:16), and the block wins (GH-DOCUMENT-BLOCK-WINS)",
    ])
  })

  const rows: readonly (readonly [string, string, string])[] = [
    ['an internal domain as partner', object('Partner', 'p', '{domains: [contoso.example]}'), 'error GH-DOCUMENT-INTERNAL'],
    ['an internal domain as allowed', object('AllowedDomain', 'p', '{domain: contoso.example}'), 'error GH-DOCUMENT-INTERNAL'],
    ['a name twice', object('InternalDomain', 'contoso', '{domain: other.example}'), 'error GH-DOCUMENT-DUPLICATE-OBJECT'],
    ['settings twice', object('FederationSettings', 'more', '{enabled: true}'), 'error GH-DOCUMENT-SINGLETON'],
    [
      'a domain of two partners',
      object('Partner', 'a', '{domains: [x.example]}') + object('Partner', 'b', '{domains: [x.example]}'),
      'error GH-DOCUMENT-DUPLICATE-ENTRY',
    ],
    [
      'an edge of two providers',
      object('Provider', 'a', '{edge: e.example}') + object('Provider', 'b', '{edge: e.example}'),
      'error GH-DOCUMENT-DUPLICATE-ENTRY',
    ],
    ['a block of ourselves', object('BlockEntry', 'b', '{domain: example, owner: a, reason: b}'), 'warning GH-DOCUMENT-BLOCKS-OURSELVES'],
    [
      'an expired block',
      object('BlockEntry', 'b', '{domain: x.example, owner: a, reason: b, expires: 2026-11-22}'),
      'warning GH-DOCUMENT-EXPIRED',
    ],
    [
      'an expired allowance',
      object('AllowedDomain', 'b', '{domain: x.example, expires: "2026-11-22T12:00:00Z"}'),
      'warning GH-DOCUMENT-EXPIRED',
    ],
    [
      'an allowance behind a partner',
      object('Partner', 'a', '{domains: [x.example]}') + object('AllowedDomain', 'b', '{domain: x.example}'),
      'warning GH-DOCUMENT-UNREACHABLE',
    ],
    ['rights of a stranger', object('UserRights', 'u', '{user: a@x.example}'), 'warning GH-DOCUMENT-UNREACHABLE'],
    [
      'rights twice',
      object('UserRights', 'u', '{user: a@contoso.example}') + object('UserRights', 'v', '{user: A@contoso.example}'),
      'error GH-DOCUMENT-DUPLICATE-ENTRY',
    ],
    [
      'a domain of two networks',
      object('Network', 'a', '{protocol: xmpp, domains: [x.example]}') + object('Network', 'b', '{protocol: irc, domains: [x.example]}'),
      'error GH-DOCUMENT-DUPLICATE-ENTRY',
    ],
    [
      'two networks for everything',
      object('Network', 'a', '{protocol: xmpp, openDomains: true}') + object('Network', 'b', '{protocol: irc, openDomains: true}'),
      'error GH-DOCUMENT-DUPLICATE-ENTRY',
    ],
    ['a network with our domain', object('Network', 'a', '{protocol: xmpp, domains: [contoso.example]}'), 'error GH-DOCUMENT-INTERNAL'],
    [
      'a network behind a partner',
      object('Partner', 'a', '{domains: [x.example]}') + object('Network', 'b', '{protocol: xmpp, domains: [x.example]}'),
      'warning GH-DOCUMENT-UNREACHABLE',
    ],
    [
      'a network with the name of a provider',
      object('Provider', 'a', '{edge: e.example, checkSrv: true}') + object('Network', 'a', '{protocol: xmpp, domains: [x.example]}'),
      'error GH-DOCUMENT-DUPLICATE-OBJECT',
    ],
    ['a network for nobody', object('Network', 'a', '{protocol: xmpp}'), 'error GH-DOCUMENT-VALUE'],
    [
      'a right to a network that is not there',
      object('UserRights', 'u', '{user: a@contoso.example, publicNetworks: [x]}'),
      'error GH-DOCUMENT-REFERENCE',
    ],
    ['a provider for everything', object('Provider', 'a', '{edge: e.example, enabled: true}'), 'warning GH-DOCUMENT-TOO-OPEN'],
  ]
  for (const [name, text, expected] of rows) {
    it(`${name}: ${expected}`, () => {
      assert.deepEqual(
        problemsOf(OPEN + text).map((problem) => `${problem.severity} ${problem.code}`),
        [expected],
      )
    })
  }

  it('checks the default route', () => {
    const settings = (spec: string): string =>
      object('InternalDomain', 'c', '{domain: contoso.example}') + object('FederationSettings', 's', spec)
    const hub = object('Clearinghouse', 'hub', '{edge: e.example}')
    const [missing] = problemsOf(settings('{enabled: true, defaultRoute: hup}') + hub)
    assert.match(missing?.message ?? '', /did you mean 'hub'\?/)
    const both = problemsOf(`${settings('{enabled: true, defaultRoute: hub, beClearinghouse: true, discovery: true}')}${hub}`)
    assert.deepEqual(
      both.map((problem) => problem.code),
      ['GH-DOCUMENT-CLEARINGHOUSE', 'GH-DOCUMENT-UNREACHABLE'],
    )
  })

  it('an empty document is legal, lets nothing through, and says so', () => {
    for (const text of ['', '---\n', '# nothing\n', '---\n---\n']) {
      const result = parsePolicy([{ name: 'p.yaml', text }], { nowMs: NOW_MS })
      assert.equal(result.isValid, true)
      assert.deepEqual(
        result.problems.map((problem) => problem.code),
        ['GH-DOCUMENT-CLOSED'],
        JSON.stringify(text),
      )
    }
  })

  it('keeps what is in force unless a file brings the same object', () => {
    const first = parsePolicy([{ name: 'a', text: OPEN }], { nowMs: NOW_MS })
    const change = object('InternalDomain', 'contoso', '{domain: contoso.example, subdomains: true}')
    const second = parsePolicy([{ name: 'b', text: change }], { nowMs: NOW_MS, inForce: first.objects, inForceName: 'revision 3' })
    assert.equal(second.objects.length, 2)
    assert.deepEqual(second.problems, [])
    const clash = parsePolicy([{ name: 'b', text: object('AllowedDomain', 'x', '{domain: contoso.example}') }], {
      nowMs: NOW_MS,
      inForce: first.objects,
    })
    assert.equal(clash.isValid, false)
  })
})

describe('hostile documents', () => {
  const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`).join('\n')}\n`
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['an anchor bomb', `kind: Partner\n${bomb}`, /SIZE/],
    ['deep brackets', `kind: ${'['.repeat(100_000)}`, /SIZE/],
    ['deep dashes', '- '.repeat(50_000), /SIZE/],
    ['deep indentation', Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /SIZE|SYNTAX/],
    ['a huge file', 'x'.repeat(50 * 1_048_576), /SIZE/],
    ['one huge object', `kind: Partner\nspec: '${'x'.repeat(5 * 1_048_576)}'`, /SIZE/],
    ['a marker inside quoted text', 'kind: "a\n---\nb"', /SYNTAX/],
    ['control characters', 'kind: \u0000\u0001\n', /./],
    ['a tab', 'spec:\n\tdomain: x', /SYNTAX/],
    ['a duplicate key', 'kind: Partner\nkind: Provider\n', /DUPLICATE-KEY/],
    ['an unknown alias', 'kind: *nobody\n', /SYNTAX|SIZE/],
    ['__proto__', 'apiVersion: gatehouse/v1\nkind: Archiving\nmetadata: {name: a}\nspec: {__proto__: {duty: off}}\n', /UNKNOWN-KEY/],
    ['constructor as kind', 'apiVersion: gatehouse/v1\nkind: constructor\n', /KIND/],
    ['a kind that is no text', 'kind: {a: b}\n', /KIND/],
    ['a merge key', 'apiVersion: gatehouse/v1\nkind: Archiving\nmetadata: {name: a}\nspec: {<<: {duty: off}}\n', /UNKNOWN-KEY/],
  ]
  for (const [name, text, expected] of rows) {
    it(`${name} is refused in bounded time`, () => {
      const result = parsePolicy([{ name: 'p.yaml', text }], { nowMs: NOW_MS })
      assert.equal(result.isValid, false)
      assert.match(result.problems.map((problem) => problem.code).join(' '), expected)
    })
  }

  it('places the mistakes of late documents from the start of the file', () => {
    const one = object('InternalDomain', 'x', '{domain: x.example, subdomain: true}')
    const result = parsePolicy([{ name: 'p.yaml', text: one.repeat(60) }], { nowMs: NOW_MS })
    assert.equal(result.problems[59]?.line, 59 * 5 + 4)
  })

  it('stops counting mistakes at some point', () => {
    const text = 'kind: Nonsense\n---\n'.repeat(5000)
    assert.ok(problemsOf(text).length <= 201)
  })

  it('says plainly that the right to sign in from outside has no effect here', () => {
    const remote = [
      object('UserRights', 'bob', '{user: bob@contoso.example, remote: true}'),
      object('UserSettings', 'default', '{remote: false}'),
      object('Group', 'field', '{members: [bob@contoso.example], remote: false}'),
    ].join('')
    assert.deepEqual(
      problemsOf(OPEN + remote).map(({ severity, code, line }) => [severity, code, line]),
      [
        ['warning', 'GH-DOCUMENT-NO-EFFECT', 11],
        ['warning', 'GH-DOCUMENT-NO-EFFECT', 16],
        ['warning', 'GH-DOCUMENT-NO-EFFECT', 21],
      ],
    )
    assert.deepEqual(places(OPEN + object('UserSettings', 'default', '{remote: true}')), [])
  })
})
