import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { DnsServer } from '@gatehouse/lab'
import { freePorts, policyDocument, type RunningGate, startGate } from '@gatehouse/test-integration'
import type { RelayOrder, XmppPeerOrder } from '../load/load-orders.ts'
import { USUAL_BODY_BYTES } from '../load/message-template.ts'
import { startListener, stopChild } from '../processes/bench-child.ts'
import { benchPolicy } from './gatehouse-relay.ts'
import type { RunningRelay } from './relay-case.ts'

const NETWORK = 'jabber.example'
const NETWORK_POLICY = policyDocument('Network', 'jabber', { protocol: 'xmpp', domains: [NETWORK], public: false, enabled: true })

/** Gate, bridge and archive in one process, and the XMPP server that the messages go to and come from. */
export interface RunningXmppRelay extends RunningRelay {
  readonly peer: ChildProcess
}

/** SIP inside, XMPP outside, everything on record in SQLite. `certificateFor`: files of a certificate for a name. */
export async function startXmppRelay(
  order: RelayOrder,
  folder: string,
  certificateFor: (name: string) => Pick<RelayOrder, 'certFile' | 'keyFile' | 'caFile'>,
): Promise<RunningXmppRelay> {
  mkdirSync(folder, { recursive: true })
  const [external, ours, theirs, theirsDirect] = (await freePorts(4)) as [number, number, number, number]
  const dns = new DnsServer()
  const dnsAt = await dns.start()
  for (const host of [order.upstreamName, 'localhost']) dns.zone.setAddresses(host, [order.upstreamHost])
  dns.zone.setSrv(`_xmpp-server._tcp.${NETWORK}`, [{ host: 'localhost', port: theirs }])
  dns.zone.setSrv('_xmpp-server._tcp.contoso.example', [{ host: 'localhost', port: ours }])
  const nameServer = `${dnsAt.address}:${dnsAt.port}`
  const own = certificateFor('contoso.example')
  const edge = { certFile: order.certFile, keyFile: order.keyFile }
  const peer = await startListener('load/xmpp-peer-process.ts', {
    domain: NETWORK,
    port: theirs,
    directPort: theirsDirect,
    ...certificateFor(NETWORK),
    nameServer,
    toDomain: 'contoso.example',
    bodyBytes: USUAL_BODY_BYTES,
  } satisfies XmppPeerOrder)
  const gate: RunningGate = await startGate(folder, 'gate', {
    policy: benchPolicy('required', order.domains) + NETWORK_POLICY,
    logLevel: 'warn',
    archive: { folder: `${folder}/archive` },
    bridge: {
      networks: { jabber: { protocol: 'xmpp', settings: { listen: { address: order.host, port: ours } } } },
      certificates: [{ certFile: own.certFile, keyFile: own.keyFile }],
      trust: [{ name: 'bench', files: [order.caFile] }],
      dns: { servers: [nameServer] },
    },
    config: {
      externalEdge: { name: 'edge.contoso.example', listen: { address: order.host, port: external }, certificate: edge },
      internalEdge: {
        name: 'edge-in.contoso.example',
        listen: { address: order.host, port: order.port },
        certificate: edge,
        nextHop: { host: order.upstreamName, port: order.upstreamPort, links: 2 },
      },
      trust: [{ name: 'bench', files: [order.caFile] }],
      dns: { servers: [nameServer] },
      drain: { graceMs: 0, finishMs: 0, closeMs: 0 },
    },
  })
  return {
    processes: [{ name: 'gate, bridge and archive', pid: gate.process.pid, isOwn: true }],
    senders: { servername: 'edge.contoso.example', domain: 'contoso.example', host: order.upstreamName, toDomain: NETWORK },
    takePauses: () => gate.takePauses(),
    peer,
    async stop() {
      await gate.stop()
      await stopChild(peer)
      await dns.stop()
    },
  }
}
