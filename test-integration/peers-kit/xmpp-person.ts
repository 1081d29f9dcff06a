import { mkdirSync } from 'node:fs'
import { Authority, type DnsServer } from '@gatehouse/lab'
import { writeCertificate } from './certificates.ts'
import { freePorts } from './free-port.ts'
import type { Peer } from './peer.ts'
import type { PeerRack } from './peer-rack.ts'
import { type ProsodyPlan, startProsody } from './prosody.ts'
import { XmppUser } from './xmpp-user.ts'

export interface XmppPersonPlan {
  readonly domain: string
  readonly user: string
  readonly ca: Authority
  /** False: its certificate is of an authority that nobody knows, and dialback has to do. */
  readonly isKnown: boolean
}

/** One user of a Prosody of their own. */
export interface XmppPerson {
  readonly client: XmppUser
  readonly server: Peer
  /** Of the server, towards other servers. */
  readonly serverPort: number
  /** The server again on what it left, and the user on a client that starts anew. */
  readonly startAgain: () => Promise<XmppPerson>
}

/** Prosody on loopback with one user who is online, known to the name server. */
export async function startXmppPerson(rack: PeerRack, dns: DnsServer, plan: XmppPersonPlan): Promise<XmppPerson> {
  const { domain, user, ca, isKnown } = plan
  const [clientPort, serverPort, directPort] = (await freePorts(3)) as [number, number, number]
  const folder = rack.path(domain)
  mkdirSync(folder, { recursive: true })
  dns.zone.setSrv(`_xmpp-server._tcp.${domain}`, [{ host: 'localhost', port: serverPort }])
  const signer = isKnown ? ca : Authority.create({ name: 'Nobody knows it' })
  const certificate = writeCertificate(folder, domain, signer.issue({ commonName: domain, dns: [domain] }), [ca])
  const prosody: ProsodyPlan = {
    domain,
    address: '127.0.0.1',
    clientPort,
    serverPort,
    directPort,
    users: { [user]: 'secret' },
    certificate,
    folder,
    nameServer: dns.server,
    allowsDialback: !isKnown,
  }
  return await start(rack, prosody, user)
}

async function start(rack: PeerRack, plan: ProsodyPlan, user: string): Promise<XmppPerson> {
  const server = rack.add(await startProsody(plan))
  const { domain, clientPort: port, folder, users } = plan
  const password = users[user] ?? ''
  const client = rack.add(await XmppUser.start({ jid: `${user}@${domain}`, password, host: '127.0.0.1', port, folder }))
  return { client, server, serverPort: plan.serverPort, startAgain: () => start(rack, plan, user) }
}
