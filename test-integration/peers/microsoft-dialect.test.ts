import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { headerOf, statusOf } from '../peers-kit/wire-message.ts'

// What Communicator says on the wire has to come through a proxy that has never heard of it, Kamailio on both sides included.
test(
  'the Microsoft dialect passes between servers that do not know it',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('dialect', async (rack, t) => {
    const { contoso, fabrikam } = await startFederation(rack, { dialect: 'microsoft' })
    const alice = contoso.phones['alice']!
    const bob = fabrikam.phones['bob']!
    const sdp = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=session', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=x-ms-message 5060 sip null', ''].join(
      '\r\n',
    )
    const firstText = 'text/plain; charset=UTF-8;msgr=WAAtAE0ATQBTAA==;ms-body=SGVsbG8gQm9i'

    await rack.step(t, 'the first message inside the INVITE’s ms-text-format header', async () => {
      bob.onRequest = () => ({
        status: 200,
        headers: [
          ['Content-Type', 'application/sdp'],
          ['Supported', 'ms-text-format'],
        ],
        body: sdp,
      })
      const { answer, dialog } = await alice.invite(`sip:${bob.address}`, {
        headers: [
          ['ms-text-format', firstText],
          ['Supported', 'ms-sender'],
          ['Ms-Conversation-ID', '42'],
        ],
        body: sdp,
      })
      assert.equal(statusOf(answer), 200, answer.startLine)
      assert.equal(headerOf(answer, 'Supported'), 'ms-text-format')
      const invite = await bob.waitForRequest('INVITE')
      assert.equal(headerOf(invite, 'ms-text-format'), firstText)
      assert.equal(headerOf(invite, 'Ms-Conversation-ID'), '42')
      assert.equal(invite.body, sdp)
      bob.onRequest = () => ({ status: 200 })
      const typing = '<?xml version="1.0"?><KeyboardActivity> <status status="type" /></KeyboardActivity>'
      const info = await dialog.request('INFO', { headers: [['Content-Type', 'application/xml']], body: typing })
      assert.equal(statusOf(info), 200, info.startLine)
      assert.equal((await bob.waitForRequest('INFO')).body, typing)
      assert.equal(statusOf(await dialog.request('BYE')), 200)
    })

    await rack.step(t, 'methods that nobody here has heard of', async () => {
      const options = {
        headers: [
          ['Event', 'presence'],
          ['Content-Type', 'text/xml+msrtc.pidf'],
        ] as const,
        body: '<x/>',
      }
      const answer = await alice.request('SERVICE', `sip:${bob.address}`, options)
      assert.equal(statusOf(answer), 200, answer.startLine)
      assert.equal((await bob.waitForRequest('SERVICE')).body, '<x/>')
      // A NOTIFY without a response: nothing to wait for but its arrival.
      await alice.request('BENOTIFY', `sip:${bob.address}`, options)
      assert.equal((await bob.waitForRequest('BENOTIFY')).body, '<x/>')
    })
  }),
)
