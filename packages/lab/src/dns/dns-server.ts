import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_DESIRED,
  streamDecode,
  streamEncode,
  TRUNCATED_RESPONSE,
} from 'dns-packet'
import { DnsZone } from './dns-zone.ts'

/** RFC 1035 §4.1.1 response codes, in the low four bits of the flags. */
const RCODE = { noError: 0, servFail: 2, nxDomain: 3, refused: 5 } as const

/** RFC 1035 §4.2.1 */
const UDP_BYTES = 512

/** Ports tried until one is free for UDP and TCP alike. */
const PORT_TRIES = 20

/** One question that was asked. */
export interface DnsQuery {
  readonly name: string
  readonly type: string
  readonly transport: 'udp' | 'tcp'
}

/** A name server for the demo and for tests: loopback, UDP and TCP on one port, answers from a zone that may change while it runs. */
export class DnsServer {
  readonly zone: DnsZone = new DnsZone()
  /** Every question so far, oldest first. */
  readonly queries: DnsQuery[] = []
  #udp: UdpSocket | undefined
  #tcp: Server | undefined
  readonly #connections = new Set<Socket>()
  #address = '127.0.0.1'
  #port = 0

  /** `address:port`, the form `Resolver.setServers` takes. */
  get server(): string {
    return `${this.#address}:${this.#port}`
  }

  /** Listens on loopback, or on an address that containers reach. Port 0: any that is free. */
  async start(port = 0, address = '127.0.0.1'): Promise<{ address: string; port: number }> {
    for (let tries = 1; ; tries += 1) {
      const udp = await bindUdp(port, address)
      try {
        const tcp = await bindTcp(udp.address().port, address, (socket) => this.#serveTcp(socket))
        udp.on('message', (bytes, from) => {
          const reply = this.#reply(bytes, 'udp')
          if (reply !== undefined) udp.send(reply, from.port, from.address)
        })
        this.#udp = udp
        this.#tcp = tcp
        this.#address = address
        this.#port = udp.address().port
        return { address, port: this.#port }
      } catch (thrown) {
        udp.close()
        if (port !== 0 || tries >= PORT_TRIES) throw thrown
      }
    }
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    for (const socket of this.#connections) socket.destroy()
    this.#udp?.close()
    if (this.#tcp === undefined) resolve()
    else this.#tcp.close(() => resolve())
    await promise
  }

  #serveTcp(socket: Socket): void {
    this.#connections.add(socket)
    socket.on('close', () => this.#connections.delete(socket))
    socket.on('error', () => socket.destroy())
    let seen: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      seen = Buffer.concat([seen, chunk])
      // RFC 1035 §4.2.2: two bytes of length before each message.
      while (seen.length >= 2 && seen.length >= 2 + seen.readUInt16BE(0)) {
        const length = 2 + seen.readUInt16BE(0)
        const reply = this.#reply(seen.subarray(0, length), 'tcp')
        seen = seen.subarray(length)
        if (reply !== undefined) socket.write(reply)
      }
    })
  }

  #reply(bytes: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
    const query = decodeQuery(bytes, transport)
    const question = query?.questions?.[0]
    if (query === undefined || question === undefined || query.type !== 'query') return undefined
    this.queries.push({ name: question.name.toLowerCase(), type: question.type, transport })
    const answer = this.zone.answer(question.name, question.type)
    if (answer.outcome === 'silence') return undefined
    const base: Packet = {
      id: query.id ?? 0,
      type: 'response',
      flags: AUTHORITATIVE_ANSWER | ((query.flags ?? 0) & RECURSION_DESIRED) | rcodeOf(answer.outcome),
      questions: [question],
    }
    const answers =
      answer.outcome === 'records'
        ? answer.records.map((record) => ({
            name: ('owner' in record ? record.owner : undefined) ?? question.name,
            type: record.type,
            ttl: record.ttlS,
            data: record.data,
          }))
        : []
    const full = { ...base, answers } as Packet
    if (transport === 'tcp') return streamEncode(full)
    const packet = encode(full)
    return packet.length <= udpLimit(query) ? packet : encode({ ...base, flags: (base.flags ?? 0) | TRUNCATED_RESPONSE })
  }
}

function decodeQuery(bytes: Buffer, transport: 'udp' | 'tcp'): Packet | undefined {
  try {
    return transport === 'tcp' ? (streamDecode(bytes) ?? undefined) : decode(bytes)
  } catch {
    return undefined
  }
}

function rcodeOf(outcome: 'records' | 'nxdomain' | 'servfail' | 'refused'): number {
  if (outcome === 'records') return RCODE.noError
  if (outcome === 'nxdomain') return RCODE.nxDomain
  return outcome === 'servfail' ? RCODE.servFail : RCODE.refused
}

/** RFC 6891 §6.2.3: what the asker can take. */
function udpLimit(query: Packet): number {
  for (const extra of query.additionals ?? []) if (extra.type === 'OPT') return Math.max(UDP_BYTES, extra.udpPayloadSize)
  return UDP_BYTES
}

function bindUdp(port: number, address: string): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind(port, address, () => {
      socket.off('error', reject)
      // A reply to an asker that is gone comes back as an ICMP error; nobody needs it.
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

function bindTcp(port: number, address: string, onSocket: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onSocket)
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      const bound = server.address() as AddressInfo
      if (bound.port === port) resolve(server)
      else reject(new Error(`bound ${bound.port} instead of ${port}`))
    })
  })
}
