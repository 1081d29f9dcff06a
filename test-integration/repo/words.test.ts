import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CODE_FOLDERS, filesIn } from './source-tree.ts'

const TEXT = ['.ts', '.md', '.yaml', '.yml', '.json', '.mjs', '.sh', '.proto', '.toml', '.cfg', '.xml']
const files = filesIn([...CODE_FOLDERS, 'docs', '.ci'], TEXT).concat(
  filesIn(['.'], ['.md', '.json', '.mjs']).filter((file) => !file.path.includes('/') && file.path !== 'package-lock.json'),
)

/** Host names under which nobody's real server can be meant. RFC 2606, RFC 6761, and Microsoft's documented fictitious companies as `.example`. */
const FICTITIOUS = /(^|\.)(example|test|invalid|localhost|local|internal|arpa)$|(^|\.)example\.(com|net|org)$/
/** Real hosts that a text may name: standards and licences that are cited, XML namespaces, what the product's own sources live on. */
const CITED = [
  /(^|\.)(rfc-editor|ietf|w3|sqlite|haproxy|no-color|apache|iana|opensource|keepachangelog|semver|nodejs|npmjs|kamailio|nats|debian|openssl)\.(org|io|com)$/,
  /(^|\.)(github|microsoft)\.com$/,
  // Amazon's published example of a signed request: the test vector of Signature Version 4.
  /^examplebucket\.s3\.amazonaws\.com$/,
  /^(schemas|json-schema)\.[a-z.]+$/,
]
/** Names that LCS itself put on the wire, and the hosts in XMPP's namespaces, kept by their owners for good: protocol constants, not addresses. */
const PROTOCOL_CONSTANTS = /^(com\.microsoft\.|monitoring\.coreos\.com$|lcs\.microsoft\.com$|(etherx\.)?jabber\.org$)/
const HOST = /(?<![%\w.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|net|org|edu|gov|eu)(?![\w-]|\.\w)/gi

describe('words', () => {
  it('no path of anybody’s machine', () => {
    const paths = new RegExp(
      `(?<![\\w.$}/-])/(?:${['wo' + 'rk', 'ro' + 'ot', 'ho' + 'me/[a-z]', 'Us' + 'ers/[A-Za-z]'].join('|')})/[\\w.-]`,
    )
    assert.deepEqual(offendersOf(paths), [])
  })

  it('only fictitious organisations in code, examples and documents', () => {
    const offenders = files
      .filter((file) => !file.path.includes('/testdata/'))
      .flatMap((file) =>
        [...file.text.matchAll(HOST)]
          .map((match) => match[0].toLowerCase())
          .filter((host) => !FICTITIOUS.test(host) && !PROTOCOL_CONSTANTS.test(host) && !CITED.some((pattern) => pattern.test(host)))
          .map((host) => `${file.path}: ${host}`),
      )
    assert.deepEqual([...new Set(offenders)], [])
  })

  it('no private key or certificate is committed', () => {
    assert.deepEqual(offendersOf(new RegExp(`-----${'BEGIN'} (?:[A-Z]+ )*(?:PRIVATE KEY|CERTIFICATE)-----\\s*\\n?[A-Za-z0-9+/=]{40}`)), [])
  })
})

function offendersOf(pattern: RegExp): string[] {
  return files.flatMap((file) => {
    const match = pattern.exec(file.text)
    return match === null ? [] : [`${file.path}: ${match[0].slice(0, 80)}`]
  })
}
