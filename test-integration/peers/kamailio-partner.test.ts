import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { exchangeMessages, holdSession, probe, watchPresence } from '../peers-kit/scenarios.ts'
import { headerOf, headersOf, statusOf } from '../peers-kit/wire-message.ts'

// contoso: phones – Kamailio (inside next hop) – Gatehouse ══ mutual TLS ══ Kamailio (partner) – phones: fabrikam.
test(
  'Kamailio as partner and as inside next hop',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('partner', async (rack, t) => {
    const { contoso, fabrikam } = await startFederation(rack)
    const alice = contoso.phones['alice']!
    const bob = fabrikam.phones['bob']!

    await rack.step(t, 'a message each way', () => exchangeMessages(alice, bob))
    await rack.step(t, 'a session started inside: MESSAGE and INFO both ways in the dialog, BYE', () => holdSession(alice, bob))
    await rack.step(t, 'a session started outside', () => holdSession(bob, alice))
    await rack.step(t, 'presence of the partner watched from inside', () => watchPresence(alice, bob))
    await rack.step(t, 'presence of ours watched by the partner', () => watchPresence(bob, alice))
    await rack.step(t, 'OPTIONS to the partner', () => probe(alice, 'fabrikam.example'))
    await rack.step(t, 'OPTIONS from the partner', () => probe(bob, 'contoso.example'))

    await rack.step(t, 'trust header towards the inside, none of ours or theirs towards the outside', async () => {
      const forged = 'ms-source-type=EdgeProxyGenerated;ms-ep-fqdn=x.example;ms-source-verified-user=verified'
      const sent = await bob.request('MESSAGE', `sip:${alice.address}`, {
        headers: [
          ['Content-Type', 'text/plain'],
          ['ms-edge-proxy-message-trust', forged],
        ],
        body: 'trust me',
      })
      assert.equal(statusOf(sent), 200, sent.startLine)
      const got = await alice.waitForRequest('MESSAGE', (request) => request.body === 'trust me')
      const marks = headersOf(got, 'ms-edge-proxy-message-trust')
      assert.equal(marks.length, 1)
      assert.match(marks[0] ?? '', /^ms-source-type=DirectPartner;/)

      await alice.request('MESSAGE', `sip:${bob.address}`, {
        headers: [
          ['Content-Type', 'text/plain'],
          ['ms-user-data', 'ms-publiccloud=true;ms-federation=true'],
        ],
        body: 'nothing internal',
      })
      const out = await bob.waitForRequest('MESSAGE', (request) => request.body === 'nothing internal')
      assert.deepEqual(
        out.headers.filter(([name]) => /^ms-/i.test(name)),
        [],
      )
      assert.match(headerOf(out, 'Via'), /SIP\/2\.0\/UDP/)
    })

    await rack.step(t, 'what the partner refuses reaches the sender as it was', async () => {
      bob.onRequest = () => ({ status: 486, reason: 'Busy Here' })
      const answer = await alice.request('MESSAGE', `sip:${bob.address}`, { headers: [['Content-Type', 'text/plain']], body: 'busy?' })
      assert.equal(statusOf(answer), 486)
      const unknown = await alice.request('MESSAGE', 'sip:nobody@fabrikam.example', {
        headers: [['Content-Type', 'text/plain']],
        body: 'anyone?',
      })
      assert.equal(statusOf(unknown), 404)
    })
  }),
)
