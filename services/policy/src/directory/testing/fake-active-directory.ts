import { createServer, type Server, type Socket } from 'node:net'
import { type BerValue, children, decode, encode, encodeInteger, integerOf } from './ber.ts'

export interface FakeEntry {
  readonly dn: string
  readonly isGroup: boolean
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

const PAGED_RESULTS = '1.2.840.113556.1.4.319'
const SUCCESS = 0
const SIZE_LIMIT_EXCEEDED = 4

/**
 * No Active Directory, but a fake that answers as one does where it differs from other servers: at most 1,000 entries a page
 * (MaxPageSize) and 1,500 values of an attribute at a time, the rest by range (MaxValRange, [MS-ADTS] §3.1.1.3.1.3.3). It knows no
 * filters: one that speaks of groups finds groups, every other one people. Loopback, no TLS.
 */
export class FakeActiveDirectory {
  readonly entries: FakeEntry[] = []
  maxPage = 1_000
  maxValues = 1_500
  /** Searches of a single entry, by what was asked. */
  readonly ranges: string[] = []
  /** Leaves out so many values between two ranges. */
  skipsValues = 0
  /** After so many ranges the entry is not found any more. */
  forgetsAfterRanges = Number.POSITIVE_INFINITY
  readonly #sockets = new Set<Socket>()
  readonly #server: Server = createServer((socket) => this.#serve(socket))

  /** Resolves with its URL. */
  start(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve(`ldap://127.0.0.1:${(this.#server.address() as { port: number }).port}`))
    })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    let unread = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (bytes) => {
      unread = Buffer.concat([unread, bytes])
      for (let next = decode(unread); next !== undefined; next = decode(unread)) {
        unread = unread.subarray(next.size)
        for (const answer of this.#answer(children(next.value))) socket.write(answer)
      }
    })
  }

  #answer([id, operation, controls]: readonly BerValue[]): Buffer[] {
    if (id === undefined || operation === undefined) return []
    const message = (...parts: readonly Buffer[]): Buffer => encode(0x30, encodeInteger(integerOf(id)), ...parts)
    if (operation.tag === 0x60) return [message(result(0x61, SUCCESS))]
    if (operation.tag !== 0x63) return []
    const [base, scope, , , , , filter, wanted] = children(operation)
    const attributes = children(wanted!).map(({ content }) => content.toString())
    const dn = base!.content.toString()
    if (integerOf(scope!) === 0) return this.#single(dn, attributes, message)
    const isForGroups = filter!.content.includes('group')
    const found = this.entries.filter((entry) => entry.isGroup === isForGroups && entry.dn.endsWith(dn))
    return this.#page(found, attributes, controls, message)
  }

  #single(dn: string, attributes: readonly string[], message: (...parts: readonly Buffer[]) => Buffer): Buffer[] {
    this.ranges.push(...attributes)
    const entry = this.ranges.length > this.forgetsAfterRanges ? undefined : this.entries.find((each) => each.dn === dn)
    const done = message(result(0x65, SUCCESS))
    return entry === undefined ? [done] : [message(this.#entry(entry, attributes)), done]
  }

  #page(
    found: readonly FakeEntry[],
    attributes: readonly string[],
    controls: BerValue | undefined,
    message: (...parts: readonly Buffer[]) => Buffer,
  ): Buffer[] {
    const paged = pagedControl(controls)
    if (paged === undefined) {
      const status = found.length > this.maxPage ? SIZE_LIMIT_EXCEEDED : SUCCESS
      return [...found.slice(0, this.maxPage).map((entry) => message(this.#entry(entry, attributes))), message(result(0x65, status))]
    }
    const end = paged.start + Math.min(paged.size, this.maxPage)
    const cookie = end < found.length ? String(end) : ''
    const value = encode(0x30, encodeInteger(0), encode(0x04, cookie))
    const control = encode(0xa0, encode(0x30, encode(0x04, PAGED_RESULTS), encode(0x04, value)))
    const page = found.slice(paged.start, end).map((entry) => message(this.#entry(entry, attributes)))
    return [...page, message(result(0x65, SUCCESS), control)]
  }

  #entry({ dn, attributes }: FakeEntry, wanted: readonly string[]): Buffer {
    const parts = wanted.flatMap((asked) => {
      const [name = '', range] = asked.split(';range=')
      const values = Object.entries(attributes).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1]
      if (values === undefined) return []
      if (range === undefined && values.length <= this.maxValues) return [attribute(name, values)]
      const from = range === undefined ? 0 : Number(range.slice(0, range.indexOf('-'))) + this.skipsValues
      const to = from + this.maxValues
      const some = attribute(`${name};range=${from}-${to >= values.length ? '*' : to - 1}`, values.slice(from, to))
      // the attribute itself is there too, without a value
      return range === undefined ? [attribute(name, []), some] : [some]
    })
    return encode(0x64, encode(0x04, dn), encode(0x30, ...parts))
  }
}

function attribute(name: string, values: readonly string[]): Buffer {
  return encode(0x30, encode(0x04, name), encode(0x31, ...values.map((value) => encode(0x04, value))))
}

function result(tag: number, status: number): Buffer {
  return encode(tag, encodeInteger(status, 0x0a), encode(0x04, ''), encode(0x04, ''))
}

/** Where the page begins, and how large it may be; undefined: nobody asked for pages. */
function pagedControl(controls: BerValue | undefined): { readonly start: number; readonly size: number } | undefined {
  for (const control of controls === undefined ? [] : children(controls)) {
    const [type, ...more] = children(control)
    if (type?.content.toString() !== PAGED_RESULTS) continue
    const value = decode(more.at(-1)!.content)!.value
    const [size, cookie] = children(value)
    return { start: Number(cookie!.content.toString() || '0'), size: integerOf(size!) }
  }
  return undefined
}
