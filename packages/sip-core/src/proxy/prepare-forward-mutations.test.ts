import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SipStreamFramer } from '../framing/sip-stream-framer.ts'
import { checkMessage } from '../message/check-message.ts'
import { encodeMessage } from '../message/encode-message.ts'
import type { SipMessage } from '../message/sip-message.ts'
import type { SipRequest } from '../message/sip-request.ts'
import { FakeNetwork, FakeNode } from '../testing/fake-network.ts'
import { sampleRequest } from '../testing/sample-messages.ts'
import { markSource } from './mark-source.ts'
import { prepareForward } from './prepare-forward.ts'
import type { ProxyIdentity } from './proxy-identity.ts'

const HOST = 'edge.example.org'
const identity: ProxyIdentity = { isOwnUri: (uri) => uri.host === HOST, isOwnVia: (via) => via.host === HOST }

/** Pieces that routing looks at, put together in ways that nobody would; most of it is refused by the syntax check. */
const piece = fc.constantFrom(
  ...[
    'sip:',
    'sips:',
    'tel:1',
    HOST,
    'a.example',
    '[2001:db8::1]',
    ':5061',
    ';lr',
    ';maddr=',
    ';transport=tls',
    '?a=b',
    '@',
    'bob',
    '<',
    '>',
    ',',
  ],
  ...[
    '"',
    '\\',
    ' ',
    ';',
    '=',
    'SIP/2.0/TLS ',
    ';branch=z9hG4bK',
    ';branch=',
    '.',
    'x',
    '%41',
    ';received=',
    ';rport',
    '\u00e9',
    '70',
    '0',
    '\t',
  ],
)
const text = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''))
const uri = fc.oneof(
  fc.array(piece, { maxLength: 5 }).map((pieces) => `sip:bob@${HOST};maddr=${HOST}${pieces.join('')}`),
  fc.array(piece, { maxLength: 5 }).map((pieces) => `sip:${HOST}${pieces.join('')}`),
  text,
)
const route = fc.oneof(
  uri.map((value) => `<${value}>`),
  text,
)
const via = fc.oneof(
  fc.array(piece, { maxLength: 5 }).map((pieces) => `SIP/2.0/TLS ${HOST};branch=z9hG4bKa${pieces.join('')}`),
  text,
)

function reread(message: SipMessage): SipMessage | undefined {
  const framer = new SipStreamFramer()
  framer.handleData(encodeMessage(message))
  const frame = framer.takeFrame()
  return frame?.kind === 'message' && checkMessage(frame.message) === undefined ? frame.message : undefined
}

test('whatever passes the syntax check is matched, forwarded or refused without throwing, and comes out well formed', () => {
  let forwarded = 0
  const input = fc.record({
    method: fc.constantFrom('MESSAGE', 'INVITE', 'ACK', 'CANCEL'),
    uri,
    vias: fc.array(via, { maxLength: 2 }),
    routes: fc.array(route, { maxLength: 3 }),
    isSound: fc.boolean(),
  })
  fc.assert(
    fc.property(input, ({ method, uri, vias, routes, isSound }) => {
      const headers = [...vias.map((value) => ['Via', value] as const), ...routes.map((value) => ['Route', value] as const)]
      const made = sampleRequest(method, {
        headers,
        ...(isSound ? {} : { uri }),
        ...(vias[0] === undefined || isSound ? {} : { via: vias[0] }),
      })
      const request = reread(made) as SipRequest | undefined
      if (request === undefined) return
      const node = new FakeNode(new FakeNetwork(), 'node')
      markSource(request, '192.0.2.1', 40_000)
      node.handle(1, request)
      const result = prepareForward(request, {
        identity,
        egressVia: { host: HOST, port: 5061 },
        branchSeed: 's',
        supportedOptionTags: new Set(),
      })
      if (!result.ok) return
      forwarded++
      const again = reread(result.request)
      assert.ok(again !== undefined, 'what was sent on is not well formed')
      assert.equal(again.topVia()?.branch, result.branch)
      assert.equal(again.headers.values('via').length, request.headers.values('via').length + 1)
    }),
    { numRuns: 1_500 },
  )
  assert.ok(forwarded > 100, `only ${forwarded} were forwarded: the generator no longer makes sound requests`)
})
