import type { Bus, BusKv, BusSubscription, KvEntry } from '@gatehouse/bus'

/** A bucket that is opened when it is first used, so that services are put together before anything runs. */
export class LateBucket implements BusKv {
  readonly #open: () => Promise<BusKv>
  #opened: Promise<BusKv> | undefined

  constructor(bus: Bus, name: string) {
    this.#open = () => bus.kv(name)
  }

  async get(key: string): Promise<KvEntry | undefined> {
    return await (await this.#bucket()).get(key)
  }

  async put(key: string, value: Uint8Array, expectedRevision?: number): Promise<number | undefined> {
    return await (await this.#bucket()).put(key, value, expectedRevision)
  }

  async delete(key: string): Promise<void> {
    await (await this.#bucket()).delete(key)
  }

  async keys(): Promise<readonly string[]> {
    return await (await this.#bucket()).keys()
  }

  async watch(onChange: (key: string, value: Uint8Array | undefined, revision: number) => void): Promise<BusSubscription> {
    return await (await this.#bucket()).watch(onChange)
  }

  #bucket(): Promise<BusKv> {
    this.#opened ??= this.#open().catch((thrown: unknown) => {
      this.#opened = undefined
      throw thrown
    })
    return this.#opened
  }
}
