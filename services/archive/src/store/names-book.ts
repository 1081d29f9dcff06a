import type { DatabaseSync, StatementSync } from 'node:sqlite'

// A cache of names, not the names: small beside the pages of the database, large enough for the senders of a day.
const MOST_KNOWN = 200_000

/** Numbers for addresses and pairs of domains, so that rows and indexes hold a number instead of a name. */
export class NamesBook {
  readonly #findAddress: StatementSync
  readonly #addAddress: StatementSync
  readonly #findPair: StatementSync
  readonly #addPair: StatementSync
  readonly #addresses = new Map<string, number>()
  readonly #pairs = new Map<string, number>()
  readonly #version: StatementSync
  #seenVersion = -1

  constructor(database: DatabaseSync) {
    this.#findAddress = database.prepare('SELECT id FROM address WHERE address = ?')
    this.#addAddress = database.prepare('INSERT INTO address (address) VALUES (?)')
    this.#findPair = database.prepare('SELECT id FROM domain_pair WHERE from_domain = ? AND to_domain = ?')
    this.#addPair = database.prepare('INSERT INTO domain_pair (from_domain, to_domain) VALUES (?, ?)')
    this.#version = database.prepare('PRAGMA data_version')
  }

  /** Forgets what another connection may have renamed. Call within a transaction, before the first name. */
  refresh(): void {
    const version = Number(this.#version.get()?.['data_version'])
    if (version !== this.#seenVersion) {
      this.#addresses.clear()
      this.#pairs.clear()
    }
    this.#seenVersion = version
  }

  addressId(address: string): number {
    return numberOf(this.#addresses, address, [address], this.#findAddress, this.#addAddress)
  }

  pairId(fromDomain: string, toDomain: string): number {
    return numberOf(this.#pairs, `${fromDomain}\n${toDomain}`, [fromDomain, toDomain], this.#findPair, this.#addPair)
  }
}

function numberOf(known: Map<string, number>, name: string, values: readonly string[], find: StatementSync, add: StatementSync): number {
  const kept = known.get(name)
  if (kept !== undefined) return kept
  const row = find.get(...values)
  const id = row === undefined ? Number(add.run(...values).lastInsertRowid) : Number(row['id'])
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(name, id)
  return id
}
