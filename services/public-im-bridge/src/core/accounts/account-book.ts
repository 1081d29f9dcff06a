import { createHash } from 'node:crypto'
import { type AccountId, accountId, type LinkedAccount } from '@gatehouse/bridge-kit'
import type { BusKv, BusSubscription } from '@gatehouse/bus'
import { errorsOf } from '@gatehouse/errors'
import type { ImAddress } from '@gatehouse/im-model'
import { userKey } from '@gatehouse/policy-engine'
import { bridgeCodes } from '../../errors.ts'
import type { Seal } from './seal.ts'

const bridgeError = errorsOf(bridgeCodes)
const PREFIX = 'account.'

/** A linked account as it is kept; the secret is sealed. */
export interface StoredAccount {
  readonly id: AccountId
  readonly network: string
  readonly owner: ImAddress
  readonly login: string
  readonly settings: Readonly<Record<string, string>>
  readonly sealedSecret: string
  readonly linkedAtMs: number
  readonly linkedBy: string
}

export interface NewAccount {
  readonly network: string
  readonly owner: ImAddress
  readonly login: string
  readonly secret: string
  readonly settings: Readonly<Record<string, string>>
  readonly linkedBy: string
}

/** The accounts that users have linked, the same for every replica: a bucket, watched. */
export class AccountBook {
  readonly #kv: BusKv
  readonly #seal: Seal
  readonly #nowMs: () => number
  readonly #accounts = new Map<string, StoredAccount>()
  readonly #byOwner = new Map<string, StoredAccount>()
  readonly #listeners: (() => void)[] = []
  #subscription: BusSubscription | undefined

  constructor(deps: { readonly kv: BusKv; readonly seal: Seal; readonly nowMs: () => number }) {
    this.#kv = deps.kv
    this.#seal = deps.seal
    this.#nowMs = deps.nowMs
  }

  async start(): Promise<void> {
    this.#subscription = await this.#kv.watch((key, value) => this.#noticed(key, value))
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
  }

  onChange(run: () => void): void {
    this.#listeners.push(run)
  }

  all(): readonly StoredAccount[] {
    return [...this.#accounts.values()]
  }

  get(id: string): StoredAccount | undefined {
    return this.#accounts.get(id)
  }

  /** The account that a user of ours has on a network. */
  of(network: string, owner: ImAddress): StoredAccount | undefined {
    return this.#byOwner.get(ownerKey(network, owner))
  }

  /** With the secret within reach, for a connector. */
  open(stored: StoredAccount): LinkedAccount {
    const { id, owner, login, settings, sealedSecret } = stored
    return { id, owner, login, settings, secret: () => this.#seal.open(id, Buffer.from(sealedSecret, 'base64')) }
  }

  /** Throws GH-BRIDGE-ACCOUNT-EXISTS where the user has one on the network, or the login is linked to somebody else. */
  async add({ network, owner, login, secret, settings, linkedBy }: NewAccount): Promise<StoredAccount> {
    const id = accountId(
      createHash('sha256')
        .update(JSON.stringify([network, userKey(owner.user, owner.domain)]))
        .digest('hex')
        .slice(0, 24),
    )
    const taken = this.all().find((account) => account.network === network && account.login === login && account.id !== id)
    if (taken !== undefined) throw bridgeError('GH-BRIDGE-ACCOUNT-EXISTS', `${login} belongs to ${taken.owner.user}@${taken.owner.domain}.`)
    const sealedSecret = Buffer.from(this.#seal.close(id, secret)).toString('base64')
    const stored: StoredAccount = { id, network, owner, login, settings, sealedSecret, linkedAtMs: this.#nowMs(), linkedBy }
    const revision = await this.#kv.put(PREFIX + id, Buffer.from(JSON.stringify(stored)), 0)
    if (revision === undefined) throw bridgeError('GH-BRIDGE-ACCOUNT-EXISTS', `${owner.user}@${owner.domain} on ${network}.`)
    return stored
  }

  /** Throws GH-BRIDGE-ACCOUNT-UNKNOWN. */
  async remove(id: string): Promise<void> {
    if ((await this.#kv.get(PREFIX + id)) === undefined) throw bridgeError('GH-BRIDGE-ACCOUNT-UNKNOWN', id)
    await this.#kv.delete(PREFIX + id)
  }

  #noticed(key: string, value: Uint8Array | undefined): void {
    if (!key.startsWith(PREFIX)) return
    const before = this.#accounts.get(key.slice(PREFIX.length))
    if (before !== undefined) {
      this.#accounts.delete(before.id)
      this.#byOwner.delete(ownerKey(before.network, before.owner))
    }
    const stored = value === undefined ? undefined : (JSON.parse(Buffer.from(value).toString()) as StoredAccount)
    if (stored !== undefined) {
      this.#accounts.set(stored.id, stored)
      this.#byOwner.set(ownerKey(stored.network, stored.owner), stored)
    }
    for (const run of this.#listeners) run()
  }
}

function ownerKey(network: string, { user, domain }: ImAddress): string {
  return `${network} ${userKey(user, domain)}`
}
