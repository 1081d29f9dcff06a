import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { ReceiveOutcome } from '@gatehouse/bridge-kit'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { Authority, DnsServer } from '@gatehouse/lab'
import { NodeDns } from '@gatehouse/public-im-bridge'
import { writeCertificate } from '../peers-kit/certificates.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { startProsody } from '../peers-kit/prosody.ts'
import { startSignedZone, tlsaOf } from '../peers-kit/signed-zone.ts'
import { toXmpp } from '../peers-kit/xmpp-handover.ts'
import { startXmppSite, type XmppSite } from '../peers-kit/xmpp-site.ts'
import { skipWithoutXmppUser, XmppUser } from '../peers-kit/xmpp-user.ts'

const DOMAIN = 'jabber.example'
const HOST = `xmpp.${DOMAIN}`
const OPTIONS = { skip: skipWithout('prosody', 'unbound', 'ldns-signzone', 'ldns-keygen') || skipWithoutXmppUser(), timeout: 90_000 }

type Dns = 'signed' | 'unsigned' | 'wrong key'

interface Meeting {
  readonly site: XmppSite
  readonly bob: XmppUser
  readonly validating: string
  readonly serverPort: number
}

/** A Prosody with a certificate of an authority that the gate does not know, or does; who it is stands in DNS. */
async function meet(rack: PeerRack, records: Dns, isKnown: boolean): Promise<Meeting> {
  const [clientPort, serverPort, directPort] = (await freePorts(3)) as [number, number, number]
  const folder = rack.path('prosody')
  mkdirSync(folder, { recursive: true })
  const dns = rack.add(new DnsServer())
  await dns.start()
  const gateAuthority = Authority.create({ name: 'Gate' })
  const stranger = Authority.create({ name: 'Nobody knows it' })
  const certificate = writeCertificate(folder, DOMAIN, (isKnown ? gateAuthority : stranger).issue({ commonName: DOMAIN, dns: [DOMAIN] }), [
    gateAuthority,
  ])
  const tlsa = tlsaOf(readFileSync(certificate.certFile, 'utf8'))
  const lines = [
    `_xmpp-server._tcp.${DOMAIN}. 60 IN SRV 0 0 ${serverPort} ${HOST}.`,
    `${HOST}. 60 IN A 127.0.0.1`,
    `_${serverPort}._tcp.${HOST}. 60 IN TLSA ${records === 'wrong key' ? `3 1 1 ${'0'.repeat(64)}` : tlsa}`,
  ]
  const isSigned = records !== 'unsigned'
  const zone = isSigned ? { zone: DOMAIN, records: lines } : { zone: 'other.example', records: [], unsigned: lines, unsignedZone: DOMAIN }
  const validating = await startSignedZone(rack, { name: 'unbound', ...zone })
  const site = await startXmppSite(rack, {
    authority: gateAuthority,
    validating,
    publishIn: dns,
    config: { incoming: 'certificate', outgoing: 'certificate' },
  })
  // by direct TLS a server is judged before it has said who it is
  site.publish('contoso.example', { starttls: site.connector.ports[0] ?? 0 })
  const plan = {
    domain: DOMAIN,
    address: '127.0.0.1',
    clientPort,
    serverPort,
    directPort,
    users: { bob: 'any' },
    certificate,
    folder,
    nameServer: dns.server,
  }
  rack.add(await startProsody(plan))
  const bob = rack.add(await XmppUser.start({ jid: `bob@${DOMAIN}`, password: 'any', host: '127.0.0.1', port: clientPort, folder }))
  return { site, bob, validating, serverPort }
}

function say({ site }: Meeting): Promise<DeliveryOutcome> {
  return site.connector.send(toXmpp(`bob@${DOMAIN}`, { kind: 'message', messageId: 'm1', text: 'hello' }))
}

test(
  'DANE: a server whose key stands in signed DNS is who it says, both ways, without any authority',
  OPTIONS,
  withRack('dane', async (rack) => {
    const meeting = await meet(rack, 'signed', false)
    const outcome = await say(meeting)
    assert.equal(outcome.status, 'delivered', `${outcome.code} ${outcome.detail}`)
    const sent: ReceiveOutcome = { ...outcome, notice: '' }
    meeting.site.context.answerWith(() => sent)
    meeting.bob.send(`<message to='alice@contoso.example' type='chat' id='b1'><body>and back</body></message>`)
    const incoming = await meeting.site.context.whenReceived(({ content }) => content.kind === 'message')
    assert.deepEqual(incoming.evidence, { class: 'V3', by: 'dane' })
  }),
)

test(
  'DANE: the same records without a signature prove nothing',
  OPTIONS,
  withRack('dane-unsigned', async (rack) => {
    const meeting = await meet(rack, 'unsigned', false)
    const outcome = await say(meeting)
    assert.deepEqual([outcome.code, outcome.isCertain], ['GH-XMPP-UNCERTIFIED', true], outcome.detail)
    meeting.bob.send(`<message to='alice@contoso.example' type='chat' id='b1'><body>and back</body></message>`)
    await meeting.bob.whenSeen(({ type, id }) => type === 'error' && id === 'b1', 40_000)
    assert.equal(meeting.site.context.received.length, 0)
  }),
)

test(
  'DANE: signed records of another key count more than a good certificate (RFC 7673 §4)',
  OPTIONS,
  withRack('dane-mismatch', async (rack) => {
    const outcome = await say(await meet(rack, 'wrong key', true))
    assert.deepEqual([outcome.code, outcome.isCertain], ['GH-XMPP-UNCERTIFIED', true], outcome.detail)
  }),
)

test(
  'the validating resolver: what is signed, what is not, what is not there, and nobody there',
  OPTIONS,
  withRack('dane-resolver', async (rack) => {
    const records = [`_xmpp-server._tcp.${DOMAIN}. 60 IN SRV 5 7 5269 ${HOST}.`]
    const unsigned = ['_xmpp-server._tcp.plain.example. 60 IN SRV 0 0 5269 xmpp.plain.example.']
    const validating = await startSignedZone(rack, { name: 'unbound', zone: DOMAIN, records, unsigned, unsignedZone: 'plain.example' })
    const { secure } = new NodeDns({ servers: [validating], validating, timeoutMs: 2_000, tries: 2 }, Math.random)
    assert.deepEqual(await secure?.srv(`_xmpp-server._tcp.${DOMAIN}`), {
      status: 'secure',
      records: [{ host: HOST, port: 5269, priority: 5, weight: 7 }],
    })
    assert.equal((await secure?.srv('_xmpp-server._tcp.plain.example'))?.status, 'insecure')
    assert.equal((await secure?.tlsa(`_5269._tcp.${HOST}`))?.status, 'none')
    const deaf = new NodeDns({ servers: [], validating: '127.0.0.1:9', timeoutMs: 200, tries: 1 }, Math.random)
    assert.equal((await deaf.secure?.srv(`_xmpp-server._tcp.${DOMAIN}`))?.status, 'failed')
  }),
)
