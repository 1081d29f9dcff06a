import type { Bus, BusSubscription } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import type { Snapshot } from '@gatehouse/policy-engine'
import type { Health, Logger } from '@gatehouse/telemetry'
import type { AccessList } from '../access/access-list.ts'
import type { DirectoryConfig } from '../directory/directory-config.ts'
import { DirectoryKeeper } from '../directory/directory-keeper.ts'
import type { DirectorySource } from '../directory/directory-source.ts'
import { DirectorySync } from '../directory/directory-sync.ts'
import { LdapSource } from '../directory/ldap-source.ts'
import { serveFacts } from '../serve/facts-endpoint.ts'
import { createFactsHandlers, type FactsHandlers } from '../serve/facts-handlers.ts'
import { guardFacts } from '../serve/guard-facts.ts'
import type { StorePlace } from '../store/open-store.ts'
import { FactsBook } from './facts-book.ts'
import type { FactsDatabase } from './facts-database.ts'
import { FactsStore } from './facts-store.ts'
import { PostgresFactsDatabase } from './postgres-facts-database.ts'
import { SqliteFactsDatabase } from './sqlite-facts-database.ts'

export interface FactsPartDeps {
  readonly place: StorePlace
  readonly directory: DirectoryConfig | undefined
  /** By default the LDAP server of `directory`. */
  readonly directorySource: DirectorySource | undefined
  readonly bus: Bus
  readonly log: Logger
  readonly nowMs: () => number
  readonly every: (ms: number, run: () => void) => () => void
  readonly snapshot: () => Snapshot
  readonly access: AccessList
}

/** Contacts that have expired are asked for by nobody; their rows go now and then. */
const EXPIRY_SWEEP_MS = 3_600_000

/** Everything about facts in the policy service: store, bus, gRPC, directory. Nothing runs before `start`. */
export class FactsPart {
  readonly book: FactsBook
  readonly handlers: FactsHandlers
  readonly #deps: FactsPartDeps
  readonly #store: FactsStore
  readonly #directory: DirectoryKeeper
  readonly #stoppers: (() => void)[] = []
  readonly #served: BusSubscription[] = []

  constructor(deps: FactsPartDeps) {
    const { bus, log, nowMs, snapshot, access, directory: config } = deps
    this.#deps = deps
    this.#store = new FactsStore(openFactsDatabase(deps.place, log))
    this.book = new FactsBook({ store: this.#store, bus, nowMs, snapshot })
    const source = config === undefined ? undefined : (deps.directorySource ?? new LdapSource(config))
    this.#directory = new DirectoryKeeper({
      sync: config === undefined || source === undefined ? undefined : new DirectorySync({ config, source, store: this.#store, nowMs }),
      fullEveryMs: (config?.fullEveryS ?? 0) * 1000,
      log,
      nowMs,
      onChanged: (users) => this.book.tell(users),
    })
    this.handlers = guardFacts(createFactsHandlers({ book: this.book, snapshot, nowMs, log, directory: this.#directory }), access)
  }

  /** Rejects with GH-FACTS-STORE. */
  async start(): Promise<void> {
    const { bus, every, nowMs, directory } = this.#deps
    await this.#store.open()
    this.#served.push(...(await serveFacts(bus, this.book)))
    this.#stoppers.push(every(EXPIRY_SWEEP_MS, () => void this.#sweep(nowMs())))
    if (directory === undefined) return
    // what is known is served while the first pass is under way
    void this.#directory.tick()
    this.#stoppers.push(every(directory.everyS * 1000, () => void this.#directory.tick()))
  }

  async stop(): Promise<void> {
    for (const stop of this.#stoppers) stop()
    await Promise.all(this.#served.map((one) => one.stop()))
    await this.#directory.settled()
    await this.#store.close()
  }

  /** What cannot be swept now is swept next time. */
  async #sweep(nowMs: number): Promise<void> {
    await this.#store
      .dropExpiredContacts(nowMs)
      .catch((thrown: unknown) => this.#deps.log.warn({ detail: messageOf(thrown) }, 'expired contacts stay for now'))
  }

  checks(): Health['checks'] {
    const { isConfigured, problem, users } = this.#directory.status()
    if (!isConfigured) return []
    return [{ name: 'directory', isOk: problem === '', detail: problem === '' ? `${users} entries at the last full pass` : problem }]
  }
}

function openFactsDatabase({ databaseFile, postgres }: StorePlace, log: Logger): FactsDatabase {
  if (postgres === undefined) return new SqliteFactsDatabase(databaseFile)
  return new PostgresFactsDatabase({
    urlFile: postgres.urlFile,
    log: (detail) => log.warn({ detail }, 'a database connection was lost'),
  })
}
