import type { AccountId, ConnectorContext } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'
import type { PresenceEvent } from '@gatehouse/im-model'

/** What the network is told. The user's own words stay here: they are for those whom the user lets watch, and AWAY tells everybody. */
const WORDS = { away: 'Away', xa: 'Away for a longer time', dnd: 'Does not want to be disturbed', chat: undefined } as const
const GONE = 'Not online'

/** The words of AWAY for what a user is up to; undefined: here. */
export function awayWords({ type, show }: PresenceEvent): string | undefined {
  if (type === 'unavailable') return GONE
  return show === undefined ? undefined : WORDS[show]
}

/** Whether the owner of an account is away, kept so that it is said again after a loss or a take-over. */
export class OwnAway {
  readonly #context: ConnectorContext
  readonly #key: string
  #words: string | undefined

  constructor(context: ConnectorContext, account: AccountId) {
    this.#context = context
    this.#key = `away/${account}`
  }

  get words(): string | undefined {
    return this.#words
  }

  async load(): Promise<void> {
    try {
      const bytes = await this.#context.store.get(this.#key)
      if (bytes !== undefined) this.#words = new TextDecoder().decode(bytes) || undefined
    } catch (thrown) {
      this.#warn('whether the user is away cannot be read', thrown)
    }
  }

  /** False: it was so already. */
  set(words: string | undefined): boolean {
    if (words === this.#words) return false
    this.#words = words
    this.#context.store
      .put(this.#key, new TextEncoder().encode(words ?? ''))
      .catch((thrown: unknown) => this.#warn('whether the user is away cannot be kept', thrown))
    return true
  }

  #warn(text: string, thrown: unknown): void {
    this.#context.log.warn({ network: this.#context.name, key: this.#key, reason: messageOf(thrown) }, text)
  }
}
