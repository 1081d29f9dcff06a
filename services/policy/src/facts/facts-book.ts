import { type Bus, busSubjects } from '@gatehouse/bus'
import type { Snapshot, UserFacts } from '@gatehouse/policy-engine'
import { encodeFactsChanged } from '@gatehouse/policy-follow'
import type { FactsStore } from './facts-store.ts'
import { type ImportBatch, ImportBook, type ImportOutcome } from './import-book.ts'
import { type HeldFirstContact, type NewFirstContact, QuarantineStore } from './quarantine-store.ts'

export interface FactsBookDeps {
  readonly store: FactsStore
  readonly bus: Bus
  readonly nowMs: () => number
  /** What is learned and how much is held is policy. */
  readonly snapshot: () => Snapshot
}

export interface LearnedPair {
  readonly user: string
  readonly contact: string
  readonly atMs: number
}

/** A clock of the edge that is ahead of ours must not make contacts that last for years. */
const MAX_CLOCK_AHEAD_MS = 60_000

/** The facts about users and the one place where they change: whoever caches them is told. */
export class FactsBook {
  readonly store: FactsStore
  readonly quarantine: QuarantineStore
  readonly #deps: FactsBookDeps
  readonly #imports: ImportBook

  constructor(deps: FactsBookDeps) {
    this.store = deps.store
    this.#deps = deps
    this.quarantine = new QuarantineStore(deps.store.reading)
    this.#imports = new ImportBook(deps.store, deps.nowMs)
  }

  factsOf(user: string): Promise<UserFacts> {
    return this.store.factsOfOne(user, this.#deps.nowMs())
  }

  factsOfAll(users: readonly string[]): Promise<ReadonlyMap<string, UserFacts>> {
    return this.store.factsOf(users, this.#deps.nowMs())
  }

  async import(batch: ImportBatch): Promise<ImportOutcome> {
    const outcome = await this.#imports.take(batch)
    this.tell(outcome.changed)
    return outcome
  }

  /** What the edges saw. Returns how much of it was news. */
  async note(learned: readonly LearnedPair[], held: readonly NewFirstContact[]): Promise<number> {
    const nowMs = this.#deps.nowMs()
    const { learnMs, holdsFirstContact, firstContactsPerPartner } = this.#deps.snapshot().users.settings
    const [learns, holds] = [learnMs > 0 ? learned : [], holdsFirstContact ? held : []]
    if (learns.length + holds.length === 0) return 0
    const changed = new Set<string>()
    let noted = 0
    await this.store.transaction(async (writer) => {
      for (const { user, contact, atMs } of learns) {
        const expiresMs = Math.min(atMs, nowMs + MAX_CLOCK_AHEAD_MS) + learnMs
        if (await writer.putContact(user, contact, 'learned', nowMs, expiresMs)) {
          changed.add(user)
          noted++
        }
      }
      for (const one of holds) if (await this.quarantine.note(writer, one, firstContactsPerPartner)) noted++
    })
    this.tell([...changed])
    return noted
  }

  /** Lets the next message of each pass: the recipient has accepted the sender. */
  async release(ids: readonly number[]): Promise<{ readonly released: readonly HeldFirstContact[]; readonly unknown: readonly number[] }> {
    const released: HeldFirstContact[] = []
    const unknown: number[] = []
    await this.store.transaction(async (writer) => {
      for (const id of ids) {
        const held = await this.quarantine.take(writer, id)
        if (held === undefined) unknown.push(id)
        else {
          await writer.putContact(held.user, held.contact, 'accepted', this.#deps.nowMs(), 0)
          released.push(held)
        }
      }
    })
    this.tell(released.map(({ user }) => user))
    return { released, unknown }
  }

  async putContacts(
    user: string,
    contacts: readonly { readonly address: string; readonly expiresMs: number }[],
    remove: readonly string[],
  ): Promise<{ readonly added: number; readonly removed: number }> {
    const nowMs = this.#deps.nowMs()
    const outcome = { added: 0, removed: 0 }
    await this.store.transaction(async (writer) => {
      for (const contact of remove) if ((await writer.removeContact(user, contact)) > 0) outcome.removed++
      for (const { address, expiresMs } of contacts) {
        if (await writer.putContact(user, address, 'accepted', nowMs, expiresMs)) outcome.added++
      }
    })
    if (outcome.added + outcome.removed > 0) this.tell([user])
    return outcome
  }

  /** Tells whoever caches facts; undefined: everything may have changed. */
  tell(users: readonly string[] | undefined): void {
    if (users?.length === 0) return
    this.#deps.bus.publish(busSubjects.factsChanged.name, encodeFactsChanged(users ?? ['*']))
  }
}
