import { type AccountId, type ConnectorContext, type NetworkAddress, networkAddress } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'

/** Networks take about a hundred names from one connection. */
const MOST = 100

/** Whose coming and going the owner of an account asked for; kept, so that it is asked for again after a loss or a take-over. */
export class WatchedPeople {
  readonly #context: ConnectorContext
  readonly #key: string
  readonly #names = new Set<NetworkAddress>()

  constructor(context: ConnectorContext, account: AccountId) {
    this.#context = context
    this.#key = `watched/${account}`
  }

  get names(): readonly NetworkAddress[] {
    return [...this.#names]
  }

  has(name: NetworkAddress): boolean {
    return this.#names.has(name)
  }

  /** False: there are too many. */
  add(name: NetworkAddress): boolean {
    if (this.#names.has(name)) return true
    if (this.#names.size >= MOST) return false
    this.#names.add(name)
    void this.#save()
    return true
  }

  delete(name: NetworkAddress): void {
    if (this.#names.delete(name)) void this.#save()
  }

  async load(): Promise<void> {
    try {
      const bytes = await this.#context.store.get(this.#key)
      const kept: unknown = bytes === undefined ? [] : JSON.parse(new TextDecoder().decode(bytes))
      if (!Array.isArray(kept)) return
      for (const name of kept.slice(0, MOST)) if (typeof name === 'string') this.#names.add(networkAddress(name))
    } catch (thrown) {
      this.#warn('whose presence was asked for cannot be read', thrown)
    }
  }

  async #save(): Promise<void> {
    try {
      await this.#context.store.put(this.#key, new TextEncoder().encode(JSON.stringify([...this.#names])))
    } catch (thrown) {
      this.#warn('whose presence was asked for cannot be kept', thrown)
    }
  }

  #warn(text: string, thrown: unknown): void {
    this.#context.log.warn({ network: this.#context.name, key: this.#key, reason: messageOf(thrown) }, text)
  }
}
