import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { Authority, type Issued } from '@gatehouse/lab'
import { PeerValidator } from './peer-validator.ts'

const root = Authority.create({ name: 'Lab Root' })
const stranger = Authority.create({ name: 'Stranger Root' })
const server = root.issue({ dns: ['edge.contoso.example'], ip: ['127.0.0.1'] })

/** What Node says of a connecting peer, and the chain that it presented. */
async function connectAs(peer: Issued | undefined): Promise<{ nodeSays: string; chain: Uint8Array[] }> {
  const listener = createServer({
    cert: server.certPem,
    key: server.keyPem,
    ca: [root.certPem],
    requestCert: true,
    rejectUnauthorized: false,
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const identity = peer === undefined ? {} : { cert: peer.chainPem, key: peer.keyPem }
  const client = connect({ port, host: '127.0.0.1', ca: [root.certPem], ...identity })
  const [socket] = (await once(listener, 'secureConnection')) as [TLSSocket]
  const chain: Uint8Array[] = []
  for (let each = socket.getPeerX509Certificate(); each !== undefined && chain.length < 10; each = each.issuerCertificate)
    chain.push(each.raw)
  const nodeSays = String(socket.authorizationError)
  client.destroy()
  socket.destroy()
  listener.close()
  return { nodeSays, chain }
}

// Node reports the purpose whether or not the issuer is trusted: forgiving that error would let any issuer in.
test('a serverAuth-only peer is judged by its issuer, not by Node’s complaint about the purpose', async () => {
  const validator = new PeerValidator({
    stores: [{ name: 'lab', roots: [root.der] }],
    crls: [],
    revocation: 'whenPresent',
    nowMs: Date.now,
  })
  const options = { dns: ['sip.fabrikam.example'], eku: ['serverAuth'] } as const
  const trusted = await connectAs(root.intermediate({ name: 'Lab Issuing' }).issue(options))
  const untrusted = await connectAs(stranger.intermediate({ name: 'Stranger Issuing' }).issue(options))
  assert.equal(trusted.nodeSays, untrusted.nodeSays)
  assert.match(trusted.nodeSays, /purpose/i)
  const good = await validator.validate(trusted.chain)
  assert.deepEqual([good.isAuthenticated, good.mayBeTlsClient, good.names.dns], [true, false, ['sip.fabrikam.example']])
  const bad = await validator.validate(untrusted.chain)
  assert.equal(bad.refusal?.code, 'GH-IDENTITY-UNTRUSTED')
})

test('a peer without certificate', async () => {
  const validator = new PeerValidator({
    stores: [{ name: 'lab', roots: [root.der] }],
    crls: [],
    revocation: 'whenPresent',
    nowMs: Date.now,
  })
  const { chain } = await connectAs(undefined)
  assert.equal((await validator.validate(chain)).refusal?.code, 'GH-IDENTITY-NO-CERTIFICATE')
})
