import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { startArena } from '../bad-input/arena.ts'
import { attackMessage } from '../bad-input/attack-message.ts'
import { issueFiles } from '../peers-kit/certificates.ts'
import { withRack } from '../peers-kit/peer-rack.ts'

test(
  'certificates and revocation lists change while links are up',
  withRack('certificates', async (rack, t) => {
    const arena = await startArena(rack)
    const { trusted, certificates } = arena.cabinet

    await rack.step(t, 'a new certificate of our own is shown to new connections, old ones live on', async () => {
      const old = await arena.connect('partner')
      const before = old.socket.getPeerCertificate().fingerprint256
      issueFiles(rack.path('external'), trusted, 'edge.contoso.example')
      const loaded = arena.gate.log().length
      await arena.gate.waitForCode('external', loaded)
      const fresh = await arena.connect('partner')
      assert.notEqual(fresh.socket.getPeerCertificate().fingerprint256, before)
      for (const peer of [old, fresh]) {
        peer.send(attackMessage())
        await peer.waitForEvents(1)
        assert.deepEqual(peer.outcome, ['200'])
      }
    })

    await rack.step(t, 'a partner that is revoked is cut at once, others stay', async () => {
      const revoked = await arena.connect('partner')
      const other = await arena.connect('serverAuthOnly')
      const before = arena.gate.log().length
      trusted.revoke(certificates.partner)
      writeFileSync(rack.path('partners.crl.pem'), trusted.crlPem())
      await revoked.waitForEvents(1)
      assert.deepEqual(revoked.outcome, ['closed'])
      await arena.gate.waitForCode('GH-EDGE-NO-LONGER-TRUSTED', before)
      other.send(attackMessage())
      await other.waitForEvents(1)
      assert.deepEqual(other.outcome, ['200'])
    })

    await rack.step(t, 'and does not get in again', async () => {
      const again = await arena.connect('partner')
      again.send(attackMessage())
      await again.waitForEvents(2)
      assert.deepEqual(again.outcome, ['403', 'closed'])
    })

    await rack.step(t, 'a broken list is refused and the one in force stays in force', async () => {
      const before = arena.gate.log().length
      writeFileSync(rack.path('partners.crl.pem'), 'this is no list')
      await arena.gate.waitForCode('GH-EDGE-CERT-UNREADABLE', before)
      const again = await arena.connect('partner')
      again.send(attackMessage())
      await again.waitForEvents(2)
      assert.deepEqual(again.outcome, ['403', 'closed'])
    })
    arena.hangUp()
  }),
)
