import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyDocument } from '../peers-kit/contoso-policy.ts'
import { type Federation, type FederationPlan, startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { publish } from '../peers-kit/scenarios.ts'
import type { UdpPhone } from '../peers-kit/udp-phone.ts'
import { headerOf, methodOf, statusOf, type WireMessage } from '../peers-kit/wire-message.ts'

const NETWORK = policyDocument('Network', 'jabber', { protocol: 'xmpp', domains: ['jabber.example'], public: false, enabled: true })
const PLAIN = [['Content-Type', 'text/plain;charset=UTF-8']] as const
const BOB = 'sip:bob@jabber.example'
const KEYBOARD = '<?xml version="1.0"?><KeyboardActivity> <status status="type" /></KeyboardActivity>'

function plan(nextHop: FederationPlan['nextHop'] & object): FederationPlan {
  return { morePolicy: NETWORK, hasNetworkDouble: true, nextHop }
}

/** What the network says, as the phone shows it. */
function hears(phone: UdpPhone, text: string): Promise<WireMessage> {
  return phone.waitForRequest('MESSAGE', (request) => request.body === text)
}

function alice({ contoso }: Federation): UdpPhone {
  return contoso.phones['alice']!
}

// alice's phone – Kamailio (inside next hop) – Gatehouse's endpoint – bus – a network that answers everything.
test(
  'A SIP user on Kamailio talks with a network, page by page',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('endpoint-page', async (rack, t) => {
    const phone = alice(await startFederation(rack, plan({ imMode: 'page', imdn: true })))

    await rack.step(t, 'a message, answered with the outcome; typing and an answer come back in the same thread', async () => {
      const sent = await phone.request('MESSAGE', BOB, { headers: PLAIN, body: 'Grüße' })
      assert.equal(statusOf(sent), 200, sent.startLine)
      const typing = await phone.waitForRequest('MESSAGE', (request) => /iscomposing/i.test(headerOf(request, 'Content-Type')))
      assert.match(typing.body, /<state>active<\/state>/)
      const answer = await phone.waitForRequest('MESSAGE', (request) => request.body.endsWith('you said: Grüße'))
      assert.equal(headerOf(answer, 'Call-ID'), headerOf(sent, 'Call-ID'))
      assert.match(headerOf(answer, 'From'), /<sip:bob@jabber\.example>/)
      assert.match(headerOf(answer, 'ms-edge-proxy-message-trust'), /ms-source-verified-user=verified;ms-source-network=publiccloud/)
      assert.match(answer.body, /imdn\.Message-ID: d1/)
    })

    await rack.step(t, 'receipts both ways', async () => {
      const cpim = `From: <sip:alice@contoso.example>\r\nTo: <${BOB}>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: p1\r\nimdn.Disposition-Notification: positive-delivery, display\r\n\r\nContent-Type: text/plain\r\n\r\nread this`
      await phone.request('MESSAGE', BOB, { headers: [['Content-Type', 'message/cpim']], body: cpim })
      for (const word of ['delivered', 'displayed']) {
        await phone.waitForRequest(
          'MESSAGE',
          (request) => request.body.includes('<message-id>p1</message-id>') && request.body.includes(`<${word}/>`),
        )
      }
      const imdn = `<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>d1</message-id><delivery-notification><status><delivered/></status></delivery-notification></imdn>`
      const wrapped = `From: <sip:alice@contoso.example>\r\n\r\nContent-Type: message/imdn+xml\r\n\r\n${imdn}`
      assert.equal(statusOf(await phone.request('MESSAGE', BOB, { headers: [['Content-Type', 'message/cpim']], body: wrapped })), 200)
      await hears(phone, 'receipt: delivered d1')
    })

    await rack.step(t, 'what the network says no to is the answer', async () => {
      const unknown = await phone.request('MESSAGE', 'sip:nobody@jabber.example', { headers: PLAIN, body: 'x' })
      assert.equal(statusOf(unknown), 404)
      assert.match(headerOf(unknown, 'ms-diagnostics'), /code="GH-DOUBLE-UNKNOWN"/)
      const away = await phone.request('MESSAGE', 'sip:away@jabber.example', { headers: PLAIN, body: 'x' })
      assert.equal(statusOf(away), 504)
      const picture = await phone.request('MESSAGE', BOB, { headers: [['Content-Type', 'image/png']], body: 'x' })
      assert.equal(statusOf(picture), 415)
    })
  }),
)

test(
  'A SIP user on Kamailio talks with a network in sessions, and sees who is there',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('endpoint-session', async (rack, t) => {
    const phone = alice(await startFederation(rack, plan({ imMode: 'session', imIdleMs: 1_000 })))

    await rack.step(t, 'a session of the user: text, typing, the answer in the same dialog, BYE', async () => {
      const { answer, dialog } = await phone.invite(BOB)
      assert.equal(statusOf(answer), 200, answer.startLine)
      assert.match(answer.body, /m=message \d+ sip sip:bob@jabber\.example/)
      await hears(phone, 'session: open')
      const message = await dialog.request('MESSAGE', { headers: PLAIN, body: 'hello' })
      assert.equal(statusOf(message), 200, message.startLine)
      const reply = await hears(phone, 'you said: hello')
      assert.equal(headerOf(reply, 'Call-ID'), headerOf(answer, 'Call-ID'))
      assert.match(headerOf(reply, 'To'), /;tag=/)
      await phone.waitForRequest('INFO', (request) => request.body.includes('status="type"'))
      assert.equal(statusOf(await dialog.request('INFO', { headers: [['Content-Type', 'application/xml']], body: KEYBOARD })), 200)
      await hears(phone, 'typing: composing')
      assert.equal(statusOf(await dialog.request('BYE')), 200)
    })

    await rack.step(t, 'a session of the gate: INVITE, ACK, the message, and BYE when nothing is said any more', async () => {
      await phone.waitForRequest('INVITE')
      await phone.waitForRequest('ACK')
      await hears(phone, 'session: closed')
      await phone.waitForRequest('BYE')
    })

    await rack.step(t, 'presence: the user watches, and is watched', async () => {
      const subscribed = await phone.request('SUBSCRIBE', BOB, {
        headers: [
          ['Event', 'presence'],
          ['Accept', 'application/pidf+xml'],
          ['Expires', '600'],
          ['Contact', phone.contact],
        ],
      })
      assert.equal(statusOf(subscribed), 200, subscribed.startLine)
      const seen = await phone.waitForRequest('NOTIFY', (request) => request.body.includes('<note>at lunch</note>'))
      assert.match(headerOf(seen, 'Subscription-State'), /^active/)
      assert.match(seen.body, /<basic>open<\/basic><show xmlns="jabber:client">away<\/show>/)
      // the double asked for alice's presence in its turn; her home server, not her phone, says what there is
      await publish(phone, 'open')
      await hears(phone, 'seen: here')
      await publish(phone, 'closed')
      await hears(phone, 'seen: gone')
    })

    await rack.step(t, 'nothing was answered with an error', () => {
      const refused = phone.received.filter((message) => methodOf(message) === '' && statusOf(message) >= 400)
      assert.deepEqual(
        refused.map((message) => message.startLine),
        [],
      )
      return Promise.resolve()
    })
  }),
)
