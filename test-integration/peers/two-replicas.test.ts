import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { exchangeMessages, holdSession } from '../peers-kit/scenarios.ts'
import { headersOf, methodOf, statusOf } from '../peers-kit/wire-message.ts'

test(
  'two replicas: a dialog that one set up continues on the other',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('replicas', async (rack, t) => {
    const { gates, addresses, contoso, fabrikam, leadPoolTo } = await startFederation(rack, { replicas: 2 })
    const [first, second] = gates as [(typeof gates)[0], (typeof gates)[0]]
    const [firstAt, secondAt] = addresses as [string, string]
    const alice = contoso.phones['alice']!
    const bob = fabrikam.phones['bob']!
    await exchangeMessages(alice, bob)

    await rack.step(t, 'the pool’s name moves to the other replica in the middle of a session', async () => {
      const { invite } = await holdSession(alice, bob, async () => leadPoolTo([secondAt]))
      const routes = headersOf(invite, 'Record-Route').join(' ')
      assert.match(routes, /sip:sip\.contoso\.example:\d+/, 'Record-Route carries the pool’s name')
      assert.doesNotMatch(routes, new RegExp(`${firstAt}|${secondAt}`), 'no address of a replica')
    })

    await rack.step(t, 'the replica that set the session up is killed in the middle of it', async () => {
      leadPoolTo([firstAt])
      await holdSession(bob, alice, async () => {
        first.process.killNow()
        await first.process.ended
        leadPoolTo([secondAt])
      })
      assert.ok(first.process.hasEnded)
      assert.ok(!second.process.hasEnded)
    })

    await rack.step(t, 'and new messages pass through the one that is left', () => exchangeMessages(alice, bob))

    await rack.step(t, 'no message was delivered twice', async () => {
      for (const phone of [alice, bob]) {
        const bodies = phone.received
          .filter((message) => methodOf(message) === 'MESSAGE' && statusOf(message) === 0)
          .map((message) => message.body)
        const repeated = bodies.filter((body, index) => bodies.indexOf(body) !== index && body !== 'in the dialog' && body !== 'and back')
        assert.deepEqual(repeated, [])
      }
    })
  }),
)
