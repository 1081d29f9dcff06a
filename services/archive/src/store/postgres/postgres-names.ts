import type { Client } from 'pg'
import type { RecordFields } from '../../append/record-fields.ts'
import { searchAddress, searchDomain } from '../../append/search-address.ts'
import { POSTGRES_SCHEMA } from '../index-tables.ts'
import type { NameIds } from './append-rows.ts'

const MOST_KNOWN = 200_000

/** Numbers for addresses and pairs of domains; like `NamesBook`, for a transaction at a time. */
export class PostgresNames {
  readonly #addresses = new Map<string, number>()
  readonly #pairs = new Map<string, number>()
  #version = -1

  /** Forgets what another replica may have renamed. `version`: `names_version` of the locked head. */
  refresh(version: number): void {
    if (version !== this.#version || this.#addresses.size > MOST_KNOWN) this.forget()
    this.#version = version
  }

  /** After a transaction that was not committed: numbers it gave out may be gone. */
  forget(): void {
    this.#addresses.clear()
    this.#pairs.clear()
  }

  /** Makes the numbers of these entries known, new ones within the transaction that is open on the client. */
  async learn(client: Client, entries: readonly RecordFields[]): Promise<void> {
    const addresses = new Set<string>()
    const pairs = new Map<string, readonly [string, string]>()
    for (const fields of entries) {
      const [from, to] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
      for (const address of [from, to]) if (!this.#addresses.has(address)) addresses.add(address)
      const domains = [searchDomain(from), searchDomain(to)] as const
      if (!this.#pairs.has(domains.join('\n'))) pairs.set(domains.join('\n'), domains)
    }
    if (addresses.size > 0) await this.#learnAddresses(client, [...addresses])
    if (pairs.size > 0) await this.#learnPairs(client, [...pairs.values()])
  }

  /** After `learn` with this entry. */
  idsOf(fields: RecordFields): NameIds {
    const [from, to] = [searchAddress(fields.fromAddress), searchAddress(fields.toAddress)]
    return {
      from: this.#addresses.get(from) ?? 0,
      to: this.#addresses.get(to) ?? 0,
      domains: this.#pairs.get(`${searchDomain(from)}\n${searchDomain(to)}`) ?? 0,
    }
  }

  async #learnAddresses(client: Client, addresses: readonly string[]): Promise<void> {
    const table = `${POSTGRES_SCHEMA}.address`
    await client.query(`INSERT INTO ${table} (address) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, [addresses])
    const { rows } = await client.query<{ id: string; address: string }>(
      `SELECT id, address FROM ${table} WHERE address = ANY($1::text[])`,
      [addresses],
    )
    for (const { id, address } of rows) this.#addresses.set(address, Number(id))
  }

  async #learnPairs(client: Client, pairs: readonly (readonly [string, string])[]): Promise<void> {
    const table = `${POSTGRES_SCHEMA}.domain_pair`
    const values = [pairs.map(([from]) => from), pairs.map(([, to]) => to)]
    await client.query(
      `INSERT INTO ${table} (from_domain, to_domain) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
      values,
    )
    const { rows } = await client.query<{ id: string; from_domain: string; to_domain: string }>(
      `SELECT id, from_domain, to_domain FROM ${table} WHERE (from_domain, to_domain) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      values,
    )
    for (const row of rows) this.#pairs.set(`${row.from_domain}\n${row.to_domain}`, Number(row.id))
  }
}
