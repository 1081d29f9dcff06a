import { createHash, createHmac } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  DEFAULT_STREAM_TIMERS,
  DEFAULT_XML_LIMITS,
  IncomingStream,
  ns,
  OutgoingStream,
  type StreamSurroundings,
  writeXml,
  type XmlElement,
  type XmppStream,
  xml,
} from '@gatehouse/xmpp-core'

export interface XmppParseResult {
  readonly case: 'xmpp-parse' | 'xmpp-write'
  readonly perS: number
  /** CPU of the process, not elapsed time: comparable on a machine that does other things. */
  readonly cpuUsPerStanza: number
  readonly stanzaBytes: number
}

export interface XmppIdleResult {
  readonly case: 'xmpp-idle'
  readonly streams: number
  /** Heap and buffers of one stream between servers, our state only: no socket, no TLS. */
  readonly bytesPerStream: number
}

const LOCAL = 'contoso.example'
const REMOTE = 'fabrikam.example'
const BATCH = 500

/** An authenticated stream as it takes stanzas in, and as it writes them: functions alone, no sockets. */
export function measureXmppParse(seconds: number): XmppParseResult[] {
  const batch = Buffer.from(Array.from({ length: BATCH }, (_, at) => writeXml(message(at), ns.client)).join(''))
  const stanzaBytes = Math.round(batch.length / BATCH)
  const { server, client } = openPair()
  const read = (): number => {
    server.handleData(batch, 0)
    let seen = 0
    for (let event = server.takeEvent(); event !== undefined; event = server.takeEvent()) {
      if (event.kind !== 'stanza') throw new Error(`the stream gave ${event.kind} for a good stanza`)
      server.markHandled(0, event.arrival)
      seen += 1
    }
    server.takeWrite()
    if (seen !== BATCH) throw new Error(`${seen} of ${BATCH} stanzas`)
    return seen
  }
  const write = (): number => {
    for (let at = 0; at < BATCH; at += 1) if (!client.sendStanza(message(at), 0)) throw new Error('the stream took no stanza')
    if (client.takeWrite().length < batch.length) throw new Error('the writer lost text')
    return BATCH
  }
  return [
    { case: 'xmpp-parse', ...timed(read, seconds), stanzaBytes },
    { case: 'xmpp-write', ...timed(write, seconds), stanzaBytes },
  ]
}

/** So many streams, each authenticated and after a stanza each way, both ends of them in this process; half of the memory is one end's. */
export function measureXmppIdle(streams: number): XmppIdleResult {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => {
    collect()
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  openPair()
  const before = used()
  const kept = Array.from({ length: streams }, () => openPair())
  const bytesPerStream = Math.round((used() - before) / streams / 2)
  if (!kept.every(({ server, client }) => server.isReady && client.isReady)) throw new Error('not every stream is ready')
  return { case: 'xmpp-idle', streams, bytesPerStream }
}

function message(at: number): XmlElement {
  const addresses = { from: `alice@${LOCAL}/gatehouse`, to: `bob@${REMOTE}`, type: 'chat', id: `m-${at}` }
  return xml(
    'message',
    ns.client,
    addresses,
    xml('body', ns.client, {}, `Line ${at}: shall we meet at ten? I have the figures of last week <here> & some more to show.`),
    xml('active', 'http://jabber.org/protocol/chatstates'),
    xml('request', 'urn:xmpp:receipts'),
  )
}

function openPair(): { client: OutgoingStream; server: IncomingStream } {
  const certifies = (): boolean => true
  const client = new OutgoingStream(
    AROUND,
    {
      local: LOCAL,
      remote: REMOTE,
      tls: 'done',
      certifies,
      acceptUncertified: false,
      useExternal: true,
      useDialback: false,
      wantBidi: true,
      // The reader is measured without a peer that acknowledges: nothing may pile up.
      wantManagement: false,
      purpose: 'stanzas',
    },
    0,
  )
  const server = new IncomingStream(
    AROUND,
    {
      isHosted: (domain) => domain === REMOTE,
      startTls: false,
      certifies,
      allowDialback: false,
      offerBidi: true,
      offerManagement: false,
      takeSession: () => undefined,
    },
    0,
  )
  client.start(0)
  carry(client, server)
  client.sendStanza(message(0), 0)
  server.sendStanza(message(0).with({ from: `bob@${REMOTE}`, to: `alice@${LOCAL}` }), 0)
  carry(client, server)
  return { client, server }
}

function carry(client: XmppStream, server: XmppStream): void {
  for (let isBusy = true; isBusy; ) {
    isBusy = false
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const text = from.takeWrite()
      if (text === '') continue
      isBusy = true
      to.handleData(Buffer.from(text), 0)
      while (to.takeEvent() !== undefined);
    }
  }
}

let lastId = 0

const AROUND: StreamSurroundings = {
  hashes: {
    sha1Hex: (text) => createHash('sha1').update(text).digest('hex'),
    sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
    hmacSha256Hex: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
  },
  newId: () => {
    lastId += 1
    return String(lastId).padStart(32, '0')
  },
  timers: DEFAULT_STREAM_TIMERS,
  limits: { strangers: DEFAULT_XML_LIMITS, peers: DEFAULT_XML_LIMITS },
  dialbackSecret: 'bench',
}

function timed(run: () => number, seconds: number): { perS: number; cpuUsPerStanza: number } {
  const until = (ms: number): { count: number; elapsedMs: number; cpuUs: number } => {
    const startedMs = performance.now()
    const cpu = process.cpuUsage()
    let count = 0
    while (performance.now() - startedMs < ms) count += run()
    const { user, system } = process.cpuUsage(cpu)
    return { count, elapsedMs: performance.now() - startedMs, cpuUs: user + system }
  }
  until(500)
  const { count, elapsedMs, cpuUs } = until(seconds * 1000)
  return { perS: Math.round((count / elapsedMs) * 1000), cpuUsPerStanza: Math.round((cpuUs * 1000) / count) / 1000 }
}
