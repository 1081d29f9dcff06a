import { Buffer } from 'node:buffer'
import {
  type ClientTransaction,
  checkMessage,
  encodeMessage,
  failureStatus,
  type ProxyIdentity,
  prepareForward,
  Relay,
  type ServerTransaction,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  SipStreamFramer,
  TransactionLayer,
  type TransactionUser,
} from '@gatehouse/sip-core'

/**
 * CPU per proxied MESSAGE and its 200: bytes in, framed, checked, matched, forwarded with new Via and Max-Forwards, bytes out,
 * and the same back. No sockets. Prints one JSON line per round.
 */
const UPSTREAM = 1
const DOWNSTREAM = 2
const SUPPORTED: ReadonlySet<string> = new Set()
const rounds = Number(process.argv[2] ?? 5)
const messages = Number(process.argv[3] ?? 50_000)

const identity: ProxyIdentity = {
  isOwnUri: (uri) => uri.host === 'edge.fabrikam.example',
  isOwnVia: (via) => via.host === 'edge.fabrikam.example',
}

class BenchProxy implements TransactionUser {
  readonly layer: TransactionLayer = new TransactionLayer(this, { newTag: () => 'tag' })
  sentUp = 0
  lastDown: Buffer = Buffer.alloc(0)
  #branch = 0

  onRequest(transaction: ServerTransaction, request: SipRequest, nowMs: number): void {
    const relay = new Relay(this.layer, transaction, identity, this)
    transaction.context = relay
    const forward = prepareForward(request, {
      identity,
      egressVia: { host: 'edge.fabrikam.example', port: 5061 },
      branchSeed: (++this.#branch).toString(36),
      supportedOptionTags: SUPPORTED,
    })
    if (forward.ok) relay.start(DOWNSTREAM, forward.request, nowMs, forward.branch)
  }
  onResponse(transaction: ClientTransaction, response: SipResponse, nowMs: number): void {
    ;(transaction.context as Relay).handleResponse(response, nowMs)
  }
  send(connection: number, message: SipMessage): void {
    const bytes = encodeMessage(message)
    if (connection === UPSTREAM) this.sentUp++
    else this.lastDown = bytes
  }
  onFailure(): void {}
  onAck(): void {}
  onCancel(): void {}
  onStrayResponse(): void {}
  onServerEnd(): void {}
  onUpstream(): void {}
  onSettled(): void {}
  onTargetFailed(): number {
    return failureStatus('timeout')
  }
}

const body = 'Shall we meet at the gate at ten? I will bring the drawings.'

function requestBytes(number: number): Buffer {
  return Buffer.from(
    `MESSAGE sip:bob@fabrikam.example SIP/2.0\r\nVia: SIP/2.0/TLS edge.contoso.example:5061;branch=z9hG4bK${number.toString(16)}.ab12\r\n` +
      'Via: SIP/2.0/TLS 10.0.0.7:51733;branch=z9hG4bKalice;received=10.0.0.7\r\nMax-Forwards: 69\r\n' +
      `From: "Alice" <sip:alice@contoso.example>;tag=${number};epid=01dab7\r\nTo: <sip:bob@fabrikam.example>\r\n` +
      `Call-ID: ${number}-f81d4fae@contoso.example\r\nCSeq: 1 MESSAGE\r\nP-Asserted-Identity: "Alice" <sip:alice@contoso.example>\r\n` +
      `User-Agent: bench\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  )
}

/** The 200 of a user agent, made from the bytes that were forwarded. */
function responseBytes(forwarded: Buffer): Buffer {
  const lines = forwarded.toString('latin1').split('\r\n')
  const kept = lines
    .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
    .map((line) => (line.startsWith('To:') ? `${line};tag=bob` : line))
  return Buffer.from(`SIP/2.0 200 OK\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, 'latin1')
}

function feed(proxy: BenchProxy, framer: SipStreamFramer, connection: number, bytes: Buffer, nowMs: number): void {
  framer.handleData(bytes)
  for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
    if (frame.kind !== 'message' || checkMessage(frame.message) !== undefined) throw new Error('the bench sends only good messages')
    proxy.layer.handleMessage(connection, frame.message, nowMs)
  }
}

/** The same bytes and edits without transactions, routes or loop detection: what the message classes alone cost. */
function passOnly(framer: SipStreamFramer, bytes: Buffer): Buffer {
  framer.handleData(bytes)
  const frame = framer.takeFrame()
  if (frame?.kind !== 'message' || checkMessage(frame.message) !== undefined) throw new Error('the bench sends only good messages')
  const { message } = frame
  if (!message.isRequest) {
    message.headers.removeFirstValue('Via')
    return encodeMessage(message)
  }
  const copy = message.copy()
  copy.headers.set('Max-Forwards', String((message.maxForwards() ?? 70) - 1))
  copy.headers.prepend('Via', 'SIP/2.0/TLS edge.fabrikam.example:5061;branch=z9hG4bKbench.0')
  return encodeMessage(copy)
}

function perPair(us: number): number {
  return Number((us / messages).toFixed(2))
}

function cpuUs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const cost = process.cpuUsage(before)
  return cost.user + cost.system
}

for (let round = 1; round <= rounds; round++) {
  const proxy = new BenchProxy()
  const upstream = new SipStreamFramer()
  const downstream = new SipStreamFramer()
  const batch = 100 // in flight at a time
  let relayUs = 0
  let messageUs = 0
  for (let done = 0; done < messages; done += batch) {
    const requests = Array.from({ length: batch }, (_, at) => requestBytes(done + at))
    const forwarded: Buffer[] = []
    relayUs += cpuUs(() => {
      for (const bytes of requests) {
        feed(proxy, upstream, UPSTREAM, bytes, done)
        forwarded.push(proxy.lastDown)
      }
    })
    const responses = forwarded.map(responseBytes)
    relayUs += cpuUs(() => {
      for (const bytes of responses) feed(proxy, downstream, DOWNSTREAM, bytes, done)
    })
    messageUs += cpuUs(() => {
      for (const bytes of requests) passOnly(upstream, bytes)
      for (const bytes of responses) passOnly(downstream, bytes)
    })
  }
  const open = proxy.layer.openServerTransactions() + proxy.layer.openClientTransactions()
  if (proxy.sentUp !== messages || open !== 0) throw new Error(`answered ${proxy.sentUp} of ${messages}, ${open} transactions left`)
  console.log(
    JSON.stringify({
      case: 'transaction-relay',
      round,
      messages,
      cpuUsPerPair: perPair(relayUs),
      cpuUsMessageClassesOnly: perPair(messageUs),
    }),
  )
}
