import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { exchangeMessages, holdSession } from '../peers-kit/scenarios.ts'
import { startUnbound } from '../peers-kit/unbound.ts'
import { statusOf } from '../peers-kit/wire-message.ts'

test(
  'a partner found by SRV in a real DNS server, its first target dead',
  { skip: skipWithout('kamailio', 'kamcmd', 'unbound') },
  withRack('dns-failover', async (rack, t) => {
    // The preferred target accepts connections and drops them before the handshake, so that the attempt can be seen.
    let attempts = 0
    const dead = createServer((socket) => {
      attempts += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve))
    rack.onStop(() => void dead.close())
    const deadPort = (dead.address() as AddressInfo).port
    const { gates, contoso, fabrikam } = await startFederation(rack, {
      partnerPolicy: () => ({ domains: ['fabrikam.example', 'litware.example'] }),
      async dnsServer({ partnerPort }) {
        const unbound = rack.add(
          await startUnbound(rack.path('unbound'), [
            'home.contoso.example. 60 IN A 127.0.0.1',
            'sip.fabrikam.example. 60 IN A 127.0.0.1',
            `_sipfederationtls._tcp.fabrikam.example. 60 IN SRV 10 0 ${deadPort} sip.fabrikam.example.`,
            `_sipfederationtls._tcp.fabrikam.example. 60 IN SRV 20 0 ${partnerPort} sip.fabrikam.example.`,
            // A record that names a host of somebody else: the same-domain rule does not let it through.
            `_sipfederationtls._tcp.litware.example. 60 IN SRV 10 0 ${partnerPort} sip.fabrikam.example.`,
          ]),
        )
        return unbound.server
      },
    })
    const gate = gates[0]!
    const alice = contoso.phones['alice']!
    const bob = fabrikam.phones['bob']!

    await rack.step(t, 'messages pass by the second target', async () => {
      await exchangeMessages(alice, bob)
      assert.ok(attempts > 0, 'the preferred target was tried first')
    })
    await rack.step(t, 'a session too', () => holdSession(alice, bob))
    await rack.step(t, 'a target outside the domain is not used', async () => {
      const before = gate.log().length
      const answer = await alice.request('MESSAGE', 'sip:someone@litware.example', {
        headers: [['Content-Type', 'text/plain']],
        body: 'hello',
      })
      assert.equal(statusOf(answer), 504, answer.startLine)
      await gate.waitForCode('GH-EDGE-LINK-DOMAIN-RULE', before)
    })
  }),
)
