import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { SecureAnswer, SecureDns, SrvTarget, TlsaRecord } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'
import { normaliseDomain } from '@gatehouse/im-model'
import {
  type Answer,
  AUTHENTIC_DATA,
  type DecodedPacket,
  decode,
  encode,
  RECURSION_DESIRED,
  type SrvAnswer,
  streamEncode,
  type TlsaAnswer,
} from 'dns-packet'

export interface ValidatingResolverOptions {
  /** `address:port` on loopback: over a network anybody could set the AD bit (RFC 4035 §4.9.3). */
  readonly server: string
  readonly timeoutMs: number
  readonly tries: number
  /** 0 ≤ x < 1. */
  readonly random: () => number
}

const UDP_BYTES = 1_232
const MAX_REPLY_BYTES = 65_535

/** Asks a resolver on this machine that validates DNSSEC, and believes its word on what is signed; node:dns does not hand that word on. */
export class ValidatingResolver implements SecureDns {
  readonly #options: ValidatingResolverOptions
  readonly #address: string
  readonly #port: number

  constructor(options: ValidatingResolverOptions) {
    this.#options = options
    const colon = options.server.lastIndexOf(':')
    this.#address = options.server.slice(0, colon).replace(/^\[|\]$/g, '')
    this.#port = Number(options.server.slice(colon + 1))
  }

  srv(name: string): Promise<SecureAnswer<SrvTarget>> {
    return this.#ask(name, 'SRV', (answer) => {
      if (answer.type !== 'SRV') return undefined
      const { target, port, priority = 0, weight = 0 } = (answer as SrvAnswer).data
      const host = normaliseDomain(target)
      return host === undefined ? undefined : { host, port, priority, weight }
    })
  }

  tlsa(name: string): Promise<SecureAnswer<TlsaRecord>> {
    return this.#ask(name, 'TLSA', (answer) => {
      if (answer.type !== 'TLSA') return undefined
      const { usage, selector, matchingType, certificate } = (answer as TlsaAnswer).data
      return { usage, selector, matching: matchingType, dataHex: certificate.toString('hex') }
    })
  }

  async #ask<T>(name: string, type: 'SRV' | 'TLSA', read: (answer: Answer) => T | undefined): Promise<SecureAnswer<T>> {
    let detail = ''
    for (let attempt = 0; attempt < this.#options.tries; attempt++) {
      try {
        const { reply, isSecure } = await this.#exchange(name, type)
        const { rcode } = reply as DecodedPacket & { rcode?: string }
        if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') return { status: 'failed', detail: `${name}: ${rcode}` }
        const records = (reply.answers ?? []).flatMap((answer) => read(answer) ?? [])
        if (records.length === 0) return { status: 'none', detail: name }
        return isSecure ? { status: 'secure', records } : { status: 'insecure', detail: `${name} is not signed` }
      } catch (thrown) {
        detail = messageOf(thrown)
      }
    }
    return { status: 'failed', detail: `${name}: ${detail}` }
  }

  async #exchange(name: string, type: 'SRV' | 'TLSA'): Promise<{ readonly reply: DecodedPacket; readonly isSecure: boolean }> {
    const id = Math.floor(this.#options.random() * 65_536)
    // RFC 6840 §5.7: AD in the question asks for AD in the answer
    const question = {
      type: 'query',
      id,
      flags: RECURSION_DESIRED | AUTHENTIC_DATA,
      questions: [{ type, name }],
      additionals: [{ type: 'OPT', name: '.', udpPayloadSize: UDP_BYTES, flags: 0, options: [] }],
    } as const
    let reply = checked(decode(await this.#overUdp(encode(question as never))), id, name)
    if (reply.flag_tc) {
      reply = checked(decode((await this.#overTcp(streamEncode(question as never))).subarray(2)), id, name)
    }
    return { reply, isSecure: reply.flag_ad }
  }

  #overUdp(question: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = createSocket(this.#address.includes(':') ? 'udp6' : 'udp4')
      const timer = setTimeout(() => end(new Error('no answer in time')), this.#options.timeoutMs)
      const end = (error: Error | undefined, reply?: Buffer): void => {
        clearTimeout(timer)
        socket.close()
        if (reply === undefined) reject(error)
        else resolve(reply)
      }
      socket.once('error', (error) => end(error))
      socket.once('message', (reply) => end(undefined, reply))
      // connected: what comes from elsewhere is not even seen
      socket.connect(this.#port, this.#address, () => socket.send(question))
    })
  }

  #overTcp(question: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#address, port: this.#port })
      let reply = Buffer.alloc(0)
      socket.setTimeout(this.#options.timeoutMs, () => socket.destroy(new Error('no answer in time')))
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('closed before the answer')))
      socket.on('data', (chunk) => {
        reply = Buffer.concat([reply, chunk])
        if (reply.length > MAX_REPLY_BYTES + 2) return socket.destroy(new Error('the answer is too long'))
        if (reply.length < 2 || reply.length < 2 + reply.readUInt16BE(0)) return
        resolve(reply)
        socket.destroy()
      })
      socket.write(question)
    })
  }
}

function checked(reply: DecodedPacket, id: number, name: string): DecodedPacket {
  const asked = reply.questions?.[0]?.name?.toLowerCase().replace(/\.$/, '')
  if (reply.id !== id || reply.type !== 'response' || asked !== name.toLowerCase()) throw new Error('the answer is to another question')
  return reply
}
