import { readFileSync } from 'node:fs'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { GatewayError, messageOf } from '@gatehouse/errors'
import { Client, type Entry, InvalidCredentialsError, ResultCodeError } from 'ldapts'
import { directoryError } from './directory-codes.ts'
import type { DirectoryConfig } from './directory-config.ts'
import type { DirectoryConnection, DirectoryEntry, DirectorySearch, DirectorySource } from './directory-source.ts'
import { allValues, rangesIn } from './ranged-values.ts'

const LOOK_MS = 100
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** LDAP v3 by ldapts: TLS or StartTLS, simple bind, paged results (RFC 2696), with bounds on time and size. */
export class LdapSource implements DirectorySource {
  readonly #config: DirectoryConfig

  constructor(config: DirectoryConfig) {
    this.#config = config
  }

  async connect(): Promise<DirectoryConnection> {
    const { url, timeoutMs, startTls, bindDn, maxPageBytes } = this.#config
    const tls = this.#tlsOptions()
    const password = this.#password()
    let socket: Socket | undefined
    const client = new Client({
      url,
      timeout: timeoutMs,
      connectTimeout: timeoutMs,
      // ldapts takes tlsOptions for a wish to speak TLS at once, whatever the scheme
      ...(url.startsWith('ldaps:') ? { tlsOptions: tls } : {}),
      createConnection: ((...args: Parameters<typeof connectTcp>) => (socket = connectTcp(...args))) as typeof connectTcp,
      createSecureConnection: ((...args: Parameters<typeof connectTls>) => (socket = connectTls(...args))) as typeof connectTls,
    })
    try {
      if (startTls) await client.startTLS(tls)
      if (bindDn !== undefined) await client.bind(bindDn, password)
    } catch (thrown) {
      await client.unbind().catch(() => undefined)
      throw directoryFailure(thrown)
    }
    return new LdapConnection(client, { pageSize: this.#config.pageSize, maxPageBytes }, () => socket)
  }

  #tlsOptions(): ConnectionOptions {
    const { caFile, serverName, url } = this.#config
    const name = serverName ?? new URL(url).hostname
    try {
      const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) }
      // RFC 6066 §3: an address is no server name
      return { ...ca, ...(isIP(name) === 0 ? { servername: name } : {}), minVersion: 'TLSv1.2' }
    } catch (thrown) {
      throw directoryError('GH-DIRECTORY-SETTINGS', `caFile: ${messageOf(thrown)}`, { cause: thrown })
    }
  }

  /** Never sent in clear over a network. */
  #password(): string {
    const { bindPasswordFile, url, startTls } = this.#config
    if (bindPasswordFile === undefined) return ''
    if (url.startsWith('ldap:') && !startTls && !LOOPBACK.has(new URL(url).hostname)) {
      throw directoryError('GH-DIRECTORY-SETTINGS', 'url: a password is sent over ldaps://, with startTls, or to loopback only.')
    }
    try {
      return readFileSync(bindPasswordFile, 'utf8').replace(/\r?\n$/, '')
    } catch (thrown) {
      throw directoryError('GH-DIRECTORY-SETTINGS', `bindPasswordFile: ${messageOf(thrown)}`, { cause: thrown })
    }
  }
}

class LdapConnection implements DirectoryConnection {
  readonly #client: Client
  readonly #bounds: { readonly pageSize: number; readonly maxPageBytes: number }
  readonly #socket: () => Socket | undefined

  constructor(client: Client, bounds: { readonly pageSize: number; readonly maxPageBytes: number }, socket: () => Socket | undefined) {
    this.#client = client
    this.#bounds = bounds
    this.#socket = socket
  }

  async *pages({ base, filter, attributes }: DirectorySearch): AsyncGenerator<readonly DirectoryEntry[]> {
    const { pageSize, maxPageBytes } = this.#bounds
    let readBefore = this.#socket()?.bytesRead ?? 0
    let isTooLarge = false
    // ldapts keeps a whole page in memory: a server that never ends one is cut off while it sends
    const watch = setInterval(() => {
      const socket = this.#socket()
      if (socket === undefined || socket.bytesRead - readBefore <= maxPageBytes) return
      isTooLarge = true
      socket.destroy()
    }, LOOK_MS)
    watch.unref()
    try {
      const options = { scope: 'sub' as const, filter, attributes: [...attributes], paged: { pageSize } }
      for await (const page of this.#client.searchPaginated(base, options)) {
        readBefore = this.#socket()?.bytesRead ?? 0
        const entries: DirectoryEntry[] = []
        for (const entry of page.searchEntries) {
          const ranges = rangesIn(entry)
          entries.push(ranges.length === 0 ? entryOf(entry) : await this.#completed(entry, ranges))
          if (ranges.length > 0) readBefore = this.#socket()?.bytesRead ?? 0
        }
        yield entries
        readBefore = this.#socket()?.bytesRead ?? 0
      }
    } catch (thrown) {
      if (isTooLarge) throw directoryError('GH-DIRECTORY-TOO-MUCH', `A page has more than maxPageBytes ${maxPageBytes}.`, { cause: thrown })
      throw directoryFailure(thrown)
    } finally {
      clearInterval(watch)
    }
  }

  /** Active Directory gives at most 1,500 values of an attribute at a time; the rest is asked for entry by entry. */
  async #completed(entry: Entry, ranges: ReturnType<typeof rangesIn>): Promise<DirectoryEntry> {
    const whole: Entry = { ...entry }
    for (const range of ranges) {
      delete whole[range.key]
      whole[range.attribute] = (await allValues(entry, range, (attribute) => this.#ask(entry.dn, attribute))) as string[]
    }
    return entryOf(whole)
  }

  async #ask(dn: string, attribute: string): Promise<Entry | undefined> {
    const { searchEntries } = await this.#client.search(dn, { scope: 'base', filter: '(objectClass=*)', attributes: [attribute] })
    return searchEntries[0]
  }

  async close(): Promise<void> {
    // RFC 4511 §4.3: nobody answers an unbind, so it is sent and the connection ended
    const isGone = this.#client.unbind().catch(() => undefined)
    this.#socket()?.destroySoon()
    await isGone
  }
}

function directoryFailure(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (thrown instanceof InvalidCredentialsError) return directoryError('GH-DIRECTORY-CREDENTIALS', messageOf(thrown), { cause: thrown })
  const detail = thrown instanceof ResultCodeError ? `${thrown.name} (${thrown.code}): ${thrown.message}` : messageOf(thrown)
  return directoryError('GH-DIRECTORY-AWAY', detail.slice(0, 300), { cause: thrown })
}

function entryOf(entry: Entry): DirectoryEntry {
  const byName = new Map(Object.entries(entry).map(([name, value]) => [name.toLowerCase(), textsOf(value)]))
  return { dn: entry.dn, values: (attribute) => byName.get(attribute.toLowerCase()) ?? [] }
}

function textsOf(value: Entry[string]): readonly string[] {
  const values = Array.isArray(value) ? value : [value]
  return values.map((one) => (typeof one === 'string' ? one : one.toString('utf8')))
}
