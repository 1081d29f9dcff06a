import assert from 'node:assert/strict'
import { dialogOfRequest, type UdpPhone } from './udp-phone.ts'
import { headerOf, methodOf, statusOf, tagOf, type WireMessage } from './wire-message.ts'

/** What two people at two organisations do with each other; each function asserts what both ends must see. */

export async function exchangeMessages(caller: UdpPhone, callee: UdpPhone): Promise<void> {
  for (const [from, to] of [
    [caller, callee],
    [callee, caller],
  ] as const) {
    const text = `Grüße von ${from.address} – ${Math.round(performance.now())}`
    const answer = await from.request('MESSAGE', `sip:${to.address}`, {
      headers: [['Content-Type', 'text/plain;charset=UTF-8']],
      body: text,
    })
    assert.equal(statusOf(answer), 200, answer.startLine)
    const got = await to.waitForRequest('MESSAGE', (request) => request.body === text)
    assert.match(headerOf(got, 'From'), new RegExp(`sip:${from.address}`))
  }
}

/** INVITE, MESSAGE and INFO both ways inside the dialog, BYE by the callee. */
export async function holdSession(
  caller: UdpPhone,
  callee: UdpPhone,
  duringSession: () => Promise<void> = async () => {},
): Promise<{ invite: WireMessage }> {
  const { answer, dialog } = await caller.invite(`sip:${callee.address}`)
  assert.equal(statusOf(answer), 200, answer.startLine)
  const callId = headerOf(answer, 'Call-ID')
  const inThis = (request: WireMessage): boolean => headerOf(request, 'Call-ID') === callId
  const invite = await callee.waitForRequest('INVITE', inThis)
  await callee.waitForRequest('ACK', inThis)
  await duringSession()
  const typing = '<?xml version="1.0"?><KeyboardActivity><status status="type" /></KeyboardActivity>'
  const info = await dialog.request('INFO', { headers: [['Content-Type', 'application/xml']], body: typing })
  assert.equal(statusOf(info), 200, info.startLine)
  assert.equal((await callee.waitForRequest('INFO', inThis)).body, typing)
  const first = await dialog.request('MESSAGE', { headers: [['Content-Type', 'text/plain']], body: 'in the dialog' })
  assert.equal(statusOf(first), 200, first.startLine)
  assert.equal((await callee.waitForRequest('MESSAGE', inThis)).body, 'in the dialog')

  const back = dialogOfRequest(callee, invite, tagOf(headerOf(answer, 'To')))
  const reply = await back.request('MESSAGE', { headers: [['Content-Type', 'text/plain']], body: 'and back' })
  assert.equal(statusOf(reply), 200, reply.startLine)
  assert.equal((await caller.waitForRequest('MESSAGE', inThis)).body, 'and back')
  const bye = await back.request('BYE')
  assert.equal(statusOf(bye), 200, bye.startLine)
  await caller.waitForRequest('BYE', inThis)
  return { invite }
}

/** SUBSCRIBE by one, PUBLISH by the other at its own presence server, NOTIFY with the new state, end of the subscription. */
export async function watchPresence(watcher: UdpPhone, watched: UdpPhone): Promise<void> {
  await publish(watched, 'open')
  const to = `sip:${watched.address}`
  const answer = await watcher.request('SUBSCRIBE', to, {
    headers: [
      ['Event', 'presence'],
      ['Accept', 'application/pidf+xml'],
      ['Expires', '600'],
      ['Contact', watcher.contact],
    ],
  })
  assert.ok([200, 202].includes(statusOf(answer)), answer.startLine)
  const callId = headerOf(answer, 'Call-ID')
  const notify = (basic: string): Promise<WireMessage> =>
    watcher.waitForRequest(
      'NOTIFY',
      (request) => headerOf(request, 'Call-ID') === callId && request.body.includes(`<basic>${basic}</basic>`),
    )
  assert.match(headerOf(await notify('open'), 'Subscription-State'), /^active/)
  await publish(watched, 'closed')
  await notify('closed')
}

export async function probe(caller: UdpPhone, domain: string): Promise<void> {
  const answer = await caller.request('OPTIONS', `sip:${domain}`)
  assert.equal(statusOf(answer), 200, answer.startLine)
}

/** True when no request of that method with that body ever came. */
export function hasNotSeen(phone: UdpPhone, method: string, body: string): boolean {
  return !phone.received.some((message) => methodOf(message) === method && message.body === body)
}

const publishTags = new Map<string, string>()

/** What the phone's user shows, at the user's own presence server. */
export async function publish(phone: UdpPhone, basic: 'open' | 'closed'): Promise<void> {
  const entity = `sip:${phone.address}`
  const body = `<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${entity}"><tuple id="t1"><status><basic>${basic}</basic></status></tuple></presence>`
  const before = publishTags.get(`${phone.address} ${phone.options.port}`)
  const answer = await phone.request('PUBLISH', entity, {
    headers: [
      ['Event', 'presence'],
      ['Expires', '600'],
      ['Content-Type', 'application/pidf+xml'],
      // RFC 3903 §4.1: a change names the entity tag of the state it replaces.
      ...(before === undefined ? [] : ([['SIP-If-Match', before]] as const)),
    ],
    body,
  })
  assert.equal(statusOf(answer), 200, answer.startLine)
  publishTags.set(`${phone.address} ${phone.options.port}`, headerOf(answer, 'SIP-ETag'))
}
