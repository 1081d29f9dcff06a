import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import type { ContentFilterSpec, PolicyObject } from '@gatehouse/policy-engine'
import { ArchiveRecordSchema, type Entry } from '@gatehouse/proto'
import { createRequest, encodeMessage, type SipRequest } from '@gatehouse/sip-core'
import { GateRig } from './gate-rig.ts'

const LINK = 'see http://fabrikam.example/offer now'
const FILE_OFFER = [
  'Application-Name: File Transfer',
  'Application-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}',
  'Invitation-Command: INVITE',
  'Invitation-Cookie: 1',
  'Application-File: holiday.PIF',
  'Application-FileSize: 12',
  '',
].join('\r\n')

function filter(action: ContentFilterSpec['links']['action'], mode: ContentFilterSpec['mode'] = 'enforce'): PolicyObject {
  return {
    kind: 'ContentFilter',
    name: 'im-filter',
    spec: {
      links: { action, extraPrefixes: [], ignoreLocal: true, localDomains: [], warnText: 'Careful.', blockExtensions: true },
      files: { action: 'blockList', extensions: ['.exe', '.pif'] },
      patterns: [],
      scope: { directions: [], peerClasses: [], partners: [] },
      mode,
    },
  }
}

function request(method: string, headers: readonly (readonly [string, string])[], body = '', from = 'carol@fabrikam.example'): SipRequest {
  const to = from.endsWith('fabrikam.example') ? 'alice@contoso.example' : 'carol@fabrikam.example'
  return createRequest(
    method,
    `sip:${to}`,
    [
      ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKfilter'],
      ['Max-Forwards', '70'],
      ['From', `<sip:${from}>;tag=a1`],
      ['To', `<sip:${to}>`],
      ['Call-ID', `call-${method}`],
      ['CSeq', `1 ${method}`],
      ...headers,
    ],
    Buffer.from(body),
  )
}

const plain = (body: string, from?: string): SipRequest => request('MESSAGE', [['Content-Type', 'text/plain']], body, from)

async function sent(
  policy: PolicyObject,
  message: SipRequest,
): Promise<{ rig: GateRig; entry: Entry | undefined; partner: ReturnType<GateRig['open']> }> {
  const rig = new GateRig({ policy: [policy] })
  const partner = rig.open('external', ['sip.fabrikam.example'])
  const isOutside = message.from()?.sipUri?.host === 'fabrikam.example'
  ;(isOutside ? partner : rig.inside).receive(encodeMessage(message))
  await rig.settle()
  const [bytes] = rig.archived()
  const record = bytes === undefined ? undefined : fromBinary(ArchiveRecordSchema, bytes)
  return { rig, partner, entry: record?.content.case === 'entry' ? record.content.value : undefined }
}

test('a blocked link is answered 606 with Warning 309 outside, without our codes, and is on record', async () => {
  const { rig, partner, entry } = await sent(filter('block'), plain(LINK))
  const [answer] = partner.responses()
  assert.equal(answer?.status, 606)
  assert.equal(answer?.headers.first('Warning'), '309 sip.contoso.example "The message was not delivered because it contains a hyperlink"')
  assert.equal(answer?.headers.has('ms-diagnostics'), false)
  assert.equal(rig.inside.requests().length, 0)
  assert.equal(entry?.decision?.code, 'GH-POLICY-CONTENT-LINK')
  assert.equal(entry?.decision?.proof.at(-1)?.source, 'ContentFilter/im-filter')
  assert.equal(Buffer.from(entry?.envelope?.body ?? []).toString(), LINK)
})

test('inside the sender gets the warning and the diagnostics', async () => {
  const { rig } = await sent(filter('block'), plain(LINK, 'alice@contoso.example'))
  const [answer] = rig.inside.responses()
  assert.equal(answer?.status, 606)
  assert.match(answer?.headers.first('Warning') ?? '', /^309 gate\.contoso\.example "/)
  assert.match(answer?.headers.first('ms-diagnostics') ?? '', /^16000;.*code="GH-POLICY-CONTENT-LINK"/)
})

test('a neutralised body arrives with its new length; the archive has both', async () => {
  const { rig, entry } = await sent(
    filter('neutralise'),
    request(
      'MESSAGE',
      [
        ['Content-Type', 'text/plain'],
        ['X-Kept', 'as it is'],
      ],
      LINK,
    ),
  )
  const [forwarded] = rig.inside.requests()
  const expected = '\u2063\u2063Careful.\u2063\u2063\r\nsee _http://fabrikam.example/offer now'
  assert.equal(Buffer.from(forwarded?.body ?? []).toString(), expected)
  assert.equal(forwarded?.contentLength(), Buffer.byteLength(expected))
  assert.equal(forwarded?.headers.first('X-Kept'), 'as it is')
  assert.equal(Buffer.from(entry?.envelope?.body ?? []).toString(), LINK)
  assert.equal(Buffer.from(entry?.envelope?.alteredBody ?? []).toString(), expected)
  assert.equal(entry?.envelope?.alteredContentType, 'text/plain')
  const step = entry?.decision?.proof.find(({ rule }) => rule === 'content')
  assert.equal(step?.detail, '1 links (http:): neutralise')
})

test('the first message in the INVITE is looked into: blocked, or written anew', async () => {
  const value = `text/plain; charset=UTF-8;msgr=WAAtAE0A;ms-body=${Buffer.from(LINK).toString('base64')}`
  const invite = (): SipRequest =>
    request('INVITE', [
      ['ms-text-format', value],
      ['Contact', '<sip:carol@client.example.net>'],
    ])
  const blocked = await sent(filter('block'), invite())
  assert.equal(blocked.partner.responses().at(-1)?.status, 606)
  assert.equal(blocked.rig.inside.requests().length, 0)
  const altered = await sent(filter('neutralise'), invite())
  const [forwarded] = altered.rig.inside.requests()
  const arrived = /ms-body=(.*)$/.exec(forwarded?.headers.first('ms-text-format') ?? '')?.[1] ?? ''
  assert.match(Buffer.from(arrived, 'base64').toString(), /see _http:/)
  assert.match(Buffer.from(altered.entry?.envelope?.alteredBody ?? []).toString(), /see _http:/)
})

test('a file offer with a blocked extension is refused', async () => {
  const offer = request('MESSAGE', [['Content-Type', 'text/x-msmsgsinvite; charset=UTF-8']], FILE_OFFER)
  const { partner, entry } = await sent(filter('warn'), offer)
  assert.equal(partner.responses()[0]?.status, 606)
  assert.equal(entry?.decision?.code, 'GH-POLICY-CONTENT-FILE')
  const harmless = request('MESSAGE', [['Content-Type', 'text/x-msmsgsinvite']], FILE_OFFER.replace('holiday.PIF', 'holiday.jpg'))
  assert.equal((await sent(filter('warn'), harmless)).rig.inside.requests().length, 1)
})

test('an observing filter changes nothing and says what it would have done', async () => {
  const { rig, entry } = await sent(filter('block', 'observe'), plain(LINK))
  assert.equal(Buffer.from(rig.inside.requests()[0]?.body ?? []).toString(), LINK)
  assert.equal(entry?.envelope?.alteredBody.length, 0)
  assert.equal(
    entry?.decision?.proof.find(({ rule }) => rule === 'content')?.detail,
    'observed, not enforced: would be GH-POLICY-CONTENT-LINK: 1 links (http:) in text/plain',
  )
})
