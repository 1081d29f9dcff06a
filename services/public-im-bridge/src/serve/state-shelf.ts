import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import type { BusKv, BusSubscription } from '@gatehouse/bus'
import { type AccountState, AccountStateSchema, type NetworkState, NetworkStateSchema } from '@gatehouse/proto'
import type { Logger } from '@gatehouse/telemetry'
import { keyWord } from '../core/accounts/bucket-keys.ts'

const NETWORK = 'network.'
const ACCOUNT = 'account.'

export interface ShelvedAccount {
  readonly state: string
  readonly code: string
  readonly detail: string
  readonly sinceMs: number
}

/** States of networks and accounts as every replica last told them, in a bucket: whoever is asked can answer for all. */
export class StateShelf {
  readonly #kv: BusKv
  readonly #replica: string
  readonly #isAlive: (replica: string) => boolean
  readonly #log: Logger
  readonly #networks = new Map<string, NetworkState>()
  readonly #accounts = new Map<string, AccountState>()
  #subscription: BusSubscription | undefined

  constructor(deps: {
    readonly kv: BusKv
    readonly replica: string
    readonly isAlive: (replica: string) => boolean
    readonly log: Logger
  }) {
    this.#kv = deps.kv
    this.#replica = deps.replica
    this.#isAlive = deps.isAlive
    this.#log = deps.log
  }

  async start(): Promise<void> {
    this.#subscription = await this.#kv.watch((key, value) => this.#noticed(key, value))
  }

  async stop(networks: readonly string[]): Promise<void> {
    await this.#subscription?.stop()
    await Promise.all(networks.map((network) => this.#kv.delete(this.#keyOf(network)).catch(() => {})))
  }

  /** Of replicas that live, by name of the network, then of the replica. */
  networks(): readonly NetworkState[] {
    return [...this.#networks.values()]
      .filter(({ replica }) => this.#isAlive(replica))
      .sort((left, right) => `${left.network} ${left.replica}`.localeCompare(`${right.network} ${right.replica}`))
  }

  account(id: string): ShelvedAccount | undefined {
    const found = this.#accounts.get(id)
    return found === undefined ? undefined : { ...found, sinceMs: Number(found.sinceMs) }
  }

  tellNetwork(state: MessageInitShape<typeof NetworkStateSchema> & { readonly network: string }): void {
    this.#put(this.#keyOf(state.network), toBinary(NetworkStateSchema, create(NetworkStateSchema, { ...state, replica: this.#replica })))
  }

  tellAccount(id: string, { state, code, detail, sinceMs }: ShelvedAccount): void {
    const told = create(AccountStateSchema, { id, replica: this.#replica, state, code, detail, sinceMs: BigInt(Math.trunc(sinceMs)) })
    this.#put(ACCOUNT + id, toBinary(AccountStateSchema, told))
  }

  #put(key: string, value: Uint8Array): void {
    this.#kv.put(key, value).catch((err: unknown) => this.#log.debug({ err }, 'a state was not told'))
  }

  #keyOf(network: string): string {
    return `${NETWORK}${keyWord(network)}.${keyWord(this.#replica)}`
  }

  #noticed(key: string, value: Uint8Array | undefined): void {
    if (key.startsWith(NETWORK)) {
      if (value === undefined) this.#networks.delete(key)
      else this.#networks.set(key, fromBinary(NetworkStateSchema, value))
    } else if (key.startsWith(ACCOUNT)) {
      const id = key.slice(ACCOUNT.length)
      if (value === undefined) this.#accounts.delete(id)
      else this.#accounts.set(id, fromBinary(AccountStateSchema, value))
    }
  }
}
