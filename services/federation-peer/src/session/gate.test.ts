import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequest, createResponse, encodeMessage, type SipRequest } from '@gatehouse/sip-core'
import { GateRig } from './gate-rig.ts'

function message(from: string, to: string, text: string, extra: readonly (readonly [string, string])[] = []): SipRequest {
  return createRequest(
    'MESSAGE',
    `sip:${to}`,
    [
      ['Via', `SIP/2.0/TLS client.example.net:5061;branch=z9hG4bK${text.length}${from.length}${Math.trunc(text.charCodeAt(0))}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${from}>;tag=a1`],
      ['To', `<sip:${to}>`],
      ['Call-ID', `call-${text}`],
      ['CSeq', '1 MESSAGE'],
      ['Content-Type', 'text/plain'],
      ...extra,
    ],
    Buffer.from(text),
  )
}

test('a partner’s message is archived, marked, forwarded inside and answered on the same connection', async () => {
  const rig = new GateRig()
  const partner = rig.open('external', ['sip.fabrikam.example'])
  const sent = message('carol@fabrikam.example', 'alice@contoso.example', 'hello', [
    ['X-Unheard-Of', 'kept as it is'],
    ['ms-edge-proxy-message-trust', 'ms-source-type=DirectPartner;ms-source-verified-user=verified'],
    ['ms-asserted-verification-level', 'ms-source-verified-user=verified'],
  ])
  partner.receive(encodeMessage(sent))
  await rig.settle()
  const [forwarded] = rig.inside.requests()
  assert.ok(forwarded)
  assert.equal(forwarded.requestUri, 'sip:alice@contoso.example')
  assert.equal(forwarded.headers.first('X-Unheard-Of'), 'kept as it is')
  assert.equal(forwarded.headers.count('ms-edge-proxy-message-trust'), 1)
  assert.equal(
    forwarded.headers.first('ms-edge-proxy-message-trust'),
    'ms-source-type=DirectPartner;ms-ep-fqdn=sip.contoso.example;ms-source-verified-user=verified;ms-source-network=federation;ms-remote-fqdn=sip.fabrikam.example',
  )
  assert.equal(forwarded.headers.has('ms-asserted-verification-level'), false)
  assert.equal(forwarded.maxForwards(), 69)
  assert.equal(Buffer.from(forwarded.body).toString(), 'hello')
  assert.equal(rig.archived().length, 1)
  assert.equal(partner.responses().length, 0, 'no answer before the far side has it')
  rig.inside.receive(
    encodeMessage(createResponse(forwarded, 200, undefined, { toTag: 'b1', headers: [['ms-diagnostics', '1;reason="x"']] })),
  )
  await rig.settle()
  const [answer] = partner.responses()
  assert.equal(answer?.status, 200)
  assert.equal(answer?.headers.count('Via'), 1)
  assert.equal(answer?.headers.has('ms-diagnostics'), false)
  assert.equal(rig.session.layer.openServerTransactions(), 0)
  assert.equal(rig.budget.size, 0)
})

test('nothing is delivered and 503 is answered while the archive cannot commit', async () => {
  const rig = new GateRig()
  rig.isArchiveAway = true
  const partner = rig.open('external', ['sip.fabrikam.example'])
  partner.receive(encodeMessage(message('carol@fabrikam.example', 'alice@contoso.example', 'hello')))
  await rig.settle()
  assert.equal(rig.inside.requests().length, 0)
  const [answer] = partner.responses()
  assert.equal(answer?.status, 503)
  assert.equal(answer?.headers.first('Retry-After'), '5')
  assert.equal(answer?.headers.has('ms-diagnostics'), false, 'terse outside')
})

test('an inside user’s message goes out with the mark, without internal headers; a refusal inside says why', async () => {
  const rig = new GateRig()
  rig.inside.receive(
    encodeMessage(
      message('alice@contoso.example', 'carol@fabrikam.example', 'out', [['ms-user-data', 'ms-publiccloud=true;ms-federation=true']]),
    ),
  )
  await rig.settle()
  const [forwarded] = rig.partnerLink.requests()
  assert.ok(forwarded)
  assert.equal(forwarded.headers.has('ms-user-data'), false)
  assert.equal(forwarded.headers.first('ms-asserted-verification-level'), 'ms-source-verified-user=verified')
  rig.inside.receive(encodeMessage(message('alice@contoso.example', 'x@nowhere.example', 'lost')))
  await rig.settle()
  const [refused] = rig.inside.responses()
  assert.ok(refused !== undefined && refused.status >= 400)
  assert.match(refused.headers.first('ms-diagnostics') ?? '', /code="GH-POLICY-DESTINATION-UNKNOWN"/)
})

test('a spoofed sender, a foreign domain and a preloaded Route are refused without a word of why', async () => {
  const rig = new GateRig()
  const partner = rig.open('external', ['sip.fabrikam.example'])
  const attacks: readonly SipRequest[] = [
    message('ceo@contoso.example', 'alice@contoso.example', 'a spoof'),
    message('bill@woodgrove.example', 'alice@contoso.example', 'b foreign'),
    message('carol@fabrikam.example', 'alice@contoso.example', 'c route', [['Route', '<sip:victim.example.net;lr>']]),
    message('carol@fabrikam.example', 'bill@woodgrove.example', 'd relay'),
    message('carol%00@fabrikam.example', 'alice@contoso.example', 'e control character'),
  ]
  for (const attack of attacks) partner.receive(encodeMessage(attack))
  await rig.settle()
  assert.equal(rig.inside.requests().length, 0)
  const answers = partner.responses()
  assert.equal(answers.length, attacks.length)
  for (const answer of answers) {
    assert.ok(answer.status >= 400 && answer.status < 600)
    assert.equal(answer.headers.has('ms-diagnostics'), false)
    assert.equal(answer.headers.has('Warning'), false)
  }
})

test('a dialog goes on at another replica: the route token is all it needs', async () => {
  const rig = new GateRig()
  const other = new GateRig()
  const partner = rig.open('external', ['sip.fabrikam.example'])
  const invite = createRequest('INVITE', 'sip:alice@contoso.example', [
    ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKinv'],
    ['Max-Forwards', '70'],
    ['From', '<sip:carol@fabrikam.example>;tag=a1'],
    ['To', '<sip:alice@contoso.example>'],
    ['Call-ID', 'dialog-1'],
    ['CSeq', '1 INVITE'],
    ['Contact', '<sip:carol@client.example.net>'],
  ])
  partner.receive(encodeMessage(invite))
  await rig.settle()
  const [forwarded] = rig.inside.requests()
  assert.ok(forwarded)
  assert.equal(forwarded.headers.values('Record-Route').length, 2)
  rig.inside.receive(
    encodeMessage(createResponse(forwarded, 200, undefined, { toTag: 'b1', headers: [['Contact', '<sip:alice@10.0.0.5:5061>']] })),
  )
  await rig.settle()
  const ok = partner.responses().at(-1)
  assert.equal(ok?.status, 200)
  const routes = (ok?.headers.values('Record-Route') ?? []).reverse()
  const bye = createRequest('BYE', 'sip:alice@10.0.0.5:5061', [
    ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKbye'],
    ['Max-Forwards', '70'],
    ...routes.map((route) => ['Route', route] as const),
    ['From', '<sip:carol@fabrikam.example>;tag=a1'],
    ['To', '<sip:alice@contoso.example>;tag=b1'],
    ['Call-ID', 'dialog-1'],
    ['CSeq', '2 BYE'],
  ])
  const elsewhere = other.open('external', ['sip.fabrikam.example'])
  elsewhere.receive(encodeMessage(bye))
  await other.settle()
  const [passed] = other.inside.requests()
  assert.equal(passed?.method, 'BYE')
  assert.equal(passed?.requestUri, 'sip:alice@10.0.0.5:5061')
  assert.equal(passed?.headers.has('Route'), false)
  const forged = createRequest('BYE', 'sip:alice@10.0.0.5:5061', [
    ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKforged'],
    ['Route', routes[0]?.replace(/gh=./, 'gh=!') ?? ''],
    ['From', '<sip:carol@fabrikam.example>;tag=a1'],
    ['To', '<sip:alice@contoso.example>;tag=b1'],
    ['Call-ID', 'dialog-1'],
    ['CSeq', '3 BYE'],
  ])
  elsewhere.receive(encodeMessage(forged))
  await other.settle()
  assert.equal(elsewhere.responses().at(-1)?.status, 481)
})

test('an unauthenticated peer gets 403 for its first request and is closed', async () => {
  const rig = new GateRig()
  const stranger = rig.open('external', ['sip.fabrikam.example'], false)
  stranger.receive(encodeMessage(message('carol@fabrikam.example', 'alice@contoso.example', 'hello')))
  await rig.settle()
  assert.equal(stranger.responses()[0]?.status, 403)
  assert.equal(stranger.isOpen, false)
  assert.equal(rig.archived().length, 0)
})

test('the authority of our own servers vouches for no partner', async () => {
  const rig = new GateRig()
  const insider = rig.open('external', ['sip.fabrikam.example'], true, 'internal')
  insider.receive(encodeMessage(message('carol@fabrikam.example', 'alice@contoso.example', 'hello')))
  await rig.settle()
  assert.equal(insider.responses()[0]?.status, 403)
  assert.equal(rig.inside.requests().length, 0)
})

test('NEGOTIATE gets an ordinary refusal and the connection lives; OPTIONS for the edge is answered', async () => {
  const rig = new GateRig()
  const partner = rig.open('external', ['sip.fabrikam.example'])
  for (const [method, uri] of [
    ['NEGOTIATE', 'sip:127.0.0.1:5061'],
    ['OPTIONS', 'sip:sip.contoso.example:5061'],
  ] as const) {
    partner.receive(
      encodeMessage(
        createRequest(method, uri, [
          ['Via', `SIP/2.0/TLS client.example.net:5061;branch=z9hG4bK${method}`],
          ['Max-Forwards', '0'],
          ['From', '<sip:sip.fabrikam.example>;tag=1'],
          ['To', '<sip:sip.contoso.example>'],
          ['Call-ID', method],
          ['CSeq', `1 ${method}`],
        ]),
      ),
    )
  }
  await rig.settle()
  const [negotiate, options] = partner.responses()
  assert.equal(negotiate?.status, 405)
  assert.match(negotiate?.headers.first('Allow') ?? '', /MESSAGE/)
  assert.equal(options?.status, 200)
  assert.equal(partner.isOpen, true)
})

test('BENOTIFY passes and is answered by nobody', async () => {
  const rig = new GateRig()
  const partner = rig.open('external', ['sip.fabrikam.example'])
  const notify = createRequest('BENOTIFY', 'sip:alice@contoso.example', [
    ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKbe'],
    ['Max-Forwards', '70'],
    ['From', '<sip:carol@fabrikam.example>;tag=a1'],
    ['To', '<sip:alice@contoso.example>;tag=b1'],
    ['Call-ID', 'presence-1'],
    ['CSeq', '2 BENOTIFY'],
    ['Event', 'presence'],
  ])
  partner.receive(encodeMessage(notify))
  await rig.settle()
  assert.equal(rig.inside.requests()[0]?.method, 'BENOTIFY')
  assert.equal(partner.responses().length, 0)
  assert.equal(rig.session.layer.openServerTransactions() + rig.session.layer.openClientTransactions(), 0)
})

test('a peer that does not read its answers is not read, until it does', async () => {
  const rig = new GateRig()
  const deaf = rig.open('external', ['sip.fabrikam.example'])
  deaf.isFull = true
  deaf.receive(encodeMessage(message('carol@fabrikam.example', 'bill@woodgrove.example', 'relay')))
  await rig.settle()
  assert.equal(deaf.pauses.size, 1)
  deaf.isFull = false
  rig.session.onDrain(deaf)
  assert.equal(deaf.pauses.size, 0)
})

test('a CANCEL before the archive has answered ends the INVITE with 487 and nothing goes on', async () => {
  const rig = new GateRig()
  rig.isArchiveSlow = true
  const partner = rig.open('external', ['sip.fabrikam.example'])
  const headers = (method: string): readonly (readonly [string, string])[] => [
    ['Via', 'SIP/2.0/TLS client.example.net:5061;branch=z9hG4bKcancelled'],
    ['Max-Forwards', '70'],
    ['From', '<sip:carol@fabrikam.example>;tag=a1'],
    ['To', '<sip:alice@contoso.example>'],
    ['Call-ID', 'dialog-2'],
    ['CSeq', `1 ${method}`],
    ['Contact', '<sip:carol@client.example.net>'],
  ]
  partner.receive(encodeMessage(createRequest('INVITE', 'sip:alice@contoso.example', headers('INVITE'))))
  partner.receive(encodeMessage(createRequest('CANCEL', 'sip:alice@contoso.example', headers('CANCEL'))))
  rig.releaseArchive()
  await rig.settle()
  assert.deepEqual(
    partner
      .responses()
      .map((response) => `${response.status} ${response.cseq()?.method}`)
      .filter((line) => !line.startsWith('100')),
    ['200 CANCEL', '487 INVITE'],
  )
  assert.equal(rig.inside.requests().length, 0)
})

test('every split of the bytes gives the same outcome', async () => {
  const bytes = encodeMessage(message('carol@fabrikam.example', 'alice@contoso.example', 'split'))
  for (let at = 1; at < bytes.length; at += 37) {
    const rig = new GateRig()
    const partner = rig.open('external', ['sip.fabrikam.example'])
    partner.receive(bytes.subarray(0, at))
    partner.receive(bytes.subarray(at))
    await rig.settle()
    assert.equal(rig.inside.requests().length, 1, `split at ${at}`)
  }
})
