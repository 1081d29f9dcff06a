import type { FactsStore } from '../facts/facts-store.ts'
import type { FactsWriter } from '../facts/facts-writer.ts'
import { checkDrop } from '../facts/plausible-drop.ts'
import type { StoredUser } from '../facts/stored-user.ts'
import { directoryError } from './directory-codes.ts'
import type { DirectoryConfig } from './directory-config.ts'
import type { DirectoryConnection, DirectoryEntry, DirectorySource } from './directory-source.ts'
import { readMemberOf, readMembers, readUser } from './read-entry.ts'

export interface PassOrder {
  readonly isFull: boolean
  /** Takes a drop of users that would be refused. */
  readonly acceptsDrop: boolean
}

export interface PassOutcome {
  readonly isFull: boolean
  readonly users: number
  readonly groups: number
  readonly removed: number
  readonly skipped: number
  /** Address keys whose facts are others now; undefined: too many to name, or groups changed. */
  readonly changed: readonly string[] | undefined
}

export interface DirectorySyncDeps {
  readonly config: DirectoryConfig
  readonly source: DirectorySource
  readonly store: FactsStore
  readonly nowMs: () => number
}

const MAX_NAMED = 1_000

/**
 * Brings directory entries into the store, page by page. What is read is used at once; what is gone is removed only at the end of a
 * full pass that was read to its end and whose drop is plausible. A pass that fails anywhere has removed nobody.
 */
export class DirectorySync {
  readonly #deps: DirectorySyncDeps

  constructor(deps: DirectorySyncDeps) {
    this.#deps = deps
  }

  /** Rejects with GH-DIRECTORY-…, GH-FACTS-DROP, GH-FACTS-STORE; with GH-DIRECTORY-BUSY while another replica reads. */
  async run(order: PassOrder): Promise<PassOutcome> {
    let outcome: PassOutcome | undefined
    // two full passes at once would each take what the other saw for gone
    await this.#deps.store.exclusively('directory', async () => {
      outcome = await this.#run(order)
    })
    if (outcome === undefined) throw directoryError('GH-DIRECTORY-BUSY')
    return outcome
  }

  async #run(order: PassOrder): Promise<PassOutcome> {
    const { store, source } = this.#deps
    const watermark = await store.state(this.#watermarkName())
    const isFull = order.isFull || watermark === undefined
    const connection = await source.connect()
    try {
      const pass = new Pass(this.#deps, isFull ? undefined : watermark, await store.nextPass('directory'))
      await pass.read(connection)
      return await this.#finish(pass, isFull, order.acceptsDrop)
    } finally {
      await connection.close()
    }
  }

  async #finish(pass: Pass, isFull: boolean, acceptsDrop: boolean): Promise<PassOutcome> {
    const { store, config } = this.#deps
    let removed = 0
    if (isFull) {
      checkDrop(await store.leftovers('directory', pass.number), acceptsDrop ? 100 : config.maxDropPercent)
      removed = await store.dropLeftovers('directory', pass.number)
    }
    // only now: a pass that failed must be read again from where the last good one ended
    if (pass.newest !== '') await store.setState(this.#watermarkName(), pass.newest)
    const isNamed = !isFull && !pass.hasGroupNews && pass.changed.length <= MAX_NAMED
    const { users, groups, skipped } = pass
    return { isFull, users, groups, removed, skipped, changed: isNamed ? pass.changed : undefined }
  }

  /** Of this server and attribute: the numbers of another one mean nothing here. */
  #watermarkName(): string {
    const { url, base, changed } = this.#deps.config
    return `directory.watermark ${url} ${base} ${changed}`
  }
}

class Pass {
  readonly number: number
  readonly changed: string[] = []
  users = 0
  groups = 0
  skipped = 0
  hasGroupNews = false
  /** Greatest value of the attribute that changes are found by. */
  newest: string
  readonly #deps: DirectorySyncDeps
  readonly #since: string | undefined
  readonly #deadlineMs: number

  constructor(deps: DirectorySyncDeps, since: string | undefined, number: number) {
    this.#deps = deps
    this.#since = since
    this.newest = since ?? ''
    this.number = number
    this.#deadlineMs = deps.nowMs() + deps.config.maxPassMs
  }

  async read(connection: DirectoryConnection): Promise<void> {
    const { users, groups, base, changed, maxUsers, maxGroups } = this.#deps.config
    const rights = [users.federation, users.publicIm, users.remote, users.contacts].filter((name) => name !== undefined)
    const userSearch = {
      base: users.base ?? base,
      filter: this.#filter(users.filter),
      attributes: [users.address, users.memberOf, changed, ...rights],
    }
    for await (const page of connection.pages(userSearch)) {
      this.users += page.length
      this.#checkBounds('maxUsers', this.users, maxUsers)
      await this.#takeUsers(page)
    }
    const groupSearch = {
      base: groups.base ?? base,
      filter: this.#filter(groups.filter),
      attributes: [...groups.member, users.memberOf, changed],
    }
    for await (const page of connection.pages(groupSearch)) {
      this.groups += page.length
      this.#checkBounds('maxGroups', this.groups, maxGroups)
      await this.#takeGroups(page)
    }
  }

  #filter(filter: string): string {
    return this.#since === undefined ? filter : `(&${filter}(${this.#deps.config.changed}>=${this.#since}))`
  }

  async #takeUsers(page: readonly DirectoryEntry[]): Promise<void> {
    const { store, config, nowMs } = this.#deps
    const entries = page.map((entry) => ({ users: readUser(entry, config.users), memberships: readMemberOf(entry, config.users.memberOf) }))
    for (const entry of page) this.#noteNewest(entry)
    await store.transaction(async (writer) => {
      const taken = await this.#withoutTaken(
        writer,
        entries.map(({ users }) => users),
      )
      for (const address of await writer.putUsers('directory', taken, this.number, nowMs())) this.#noteChanged(address)
      for (const { users } of this.#since === undefined ? [] : entries) {
        if (users[0] === undefined) continue
        const keep = users.map(({ address }) => address)
        for (const address of await writer.dropOtherAddresses(users[0].externalId, keep)) this.#noteChanged(address)
      }
      await writer.putMemberships(
        entries.flatMap(({ memberships }) => memberships),
        this.number,
      )
    })
  }

  /** Two entries with one address: the first of this pass keeps it, so that a pass does not depend on the last page. */
  async #withoutTaken(writer: FactsWriter, entries: readonly (readonly StoredUser[])[]): Promise<readonly StoredUser[]> {
    const holders = await writer.holdersOf(
      entries.flat().map(({ address }) => address),
      'directory',
    )
    const taken: StoredUser[] = []
    for (const users of entries) {
      if (users.length === 0) this.skipped++
      for (const user of users) {
        const holder = holders.get(user.address)
        if (holder?.pass === this.number && holder.externalId !== user.externalId) this.skipped++
        else {
          taken.push(user)
          holders.set(user.address, { externalId: user.externalId, pass: this.number })
        }
      }
    }
    return taken
  }

  async #takeGroups(page: readonly DirectoryEntry[]): Promise<void> {
    const { store, config } = this.#deps
    for (const entry of page) this.#noteNewest(entry)
    this.hasGroupNews ||= page.length > 0
    await store.transaction(async (writer) => {
      for (const entry of page) {
        const memberships = [...readMembers(entry, config.groups.member), ...readMemberOf(entry, config.users.memberOf)]
        await writer.putMemberships(memberships, this.number)
        const statedBy = memberships[0]?.statedBy
        if (this.#since !== undefined && statedBy !== undefined) await writer.dropStaleMemberships(statedBy, this.number)
      }
    })
  }

  /** Beyond what is named nobody needs to know which. */
  #noteChanged(address: string): void {
    if (this.changed.length <= MAX_NAMED) this.changed.push(address)
  }

  #noteNewest(entry: DirectoryEntry): void {
    const value = entry.values(this.#deps.config.changed)[0] ?? ''
    // a value that is no number or time must not become part of a filter
    if (!/^[0-9][0-9.]{0,30}Z?$/.test(value)) return
    if (value.length > this.newest.length || (value.length === this.newest.length && value > this.newest)) this.newest = value
  }

  #checkBounds(name: string, count: number, most: number): void {
    if (count > most) throw directoryError('GH-DIRECTORY-TOO-MUCH', `${name} is ${most}.`)
    if (this.#deps.nowMs() > this.#deadlineMs)
      throw directoryError('GH-DIRECTORY-AWAY', `The pass took longer than maxPassMs ${this.#deps.config.maxPassMs}.`)
  }
}
