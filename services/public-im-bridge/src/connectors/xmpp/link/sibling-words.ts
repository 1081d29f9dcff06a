import type { ConnectorContext } from '@gatehouse/bridge-kit'
import { errorElement, ns, readStanzaError, type StanzaCondition, stanzaConditions, type XmlElement, xml } from '@gatehouse/xmpp-core'
import type { ArrivedStanza } from './link-environment.ts'

type Side = ArrivedStanza['side']

/** So long for another replica to say that the refusal was meant for it. */
const CLAIM_MS = 300
/** The length of the ids that we make for our own queries: what else comes in is not ours, whoever asks. */
const OWN_ID = /^[0-9a-f]{32}$/
const MAX_ID = 256
const MOST_OPEN = 1_000

export interface SiblingWordsDeps {
  readonly context: Pick<ConnectorContext, 'siblings' | 'clock'>
  /** True: somebody here waited for it. */
  readonly takeAnswer: (side: Side, local: string, remote: string, id: string) => boolean
  readonly takeBounce: (side: Side, local: string, remote: string, error: XmlElement) => boolean
}

/** What is told: of a refusal only why, nothing of what was said. */
interface Word {
  readonly kind: 'answer' | 'bounce' | 'claim'
  readonly side: Side
  readonly local: string
  readonly remote: string
  readonly id: string
  readonly name?: string
  readonly from?: string
  readonly to?: string
  readonly condition?: string
  readonly text?: string
}

/**
 * Another server has one stream to our domain and answers on it, whichever replica asked (RFC 6120 §10.1 speaks of streams, not of who is behind them).
 * So answers and refusals that nobody here waits for go to the other replicas; without that, each message would wait out the time for its proof.
 */
export class SiblingWords {
  readonly #deps: SiblingWordsDeps
  /** Refusals that nobody has claimed yet. */
  readonly #open = new Map<string, (isClaimed: boolean) => void>()

  constructor(deps: SiblingWordsDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#deps.context.siblings.onTold((text) => this.#told(text))
  }

  /** An answer to a query that was not asked here. */
  answered({ stanza, side }: ArrivedStanza): void {
    const id = stanza.element.attr('id') ?? ''
    if (OWN_ID.test(id)) this.#tell({ kind: 'answer', side, local: stanza.to.domain, remote: stanza.from.domain, id })
  }

  /** A refusal of what was not sent here; resolves with true when another replica had sent it. */
  async bounced({ stanza, side }: ArrivedStanza): Promise<boolean> {
    const { element } = stanza
    const id = element.attr('id') ?? ''
    if (id === '' || id.length > MAX_ID || this.#open.size >= MOST_OPEN) return false
    const [local, remote] = [stanza.to.domain, stanza.from.domain]
    const key = keyOf(local, remote, id)
    const { condition, text } = readStanzaError(element)
    const [from = '', to = ''] = [element.attr('from'), element.attr('to')]
    return await new Promise<boolean>((resolve) => {
      const end = (isClaimed: boolean): void => {
        cancel()
        this.#open.delete(key)
        resolve(isClaimed)
      }
      const cancel = this.#deps.context.clock.after(CLAIM_MS, () => end(false))
      this.#open.get(key)?.(false)
      this.#open.set(key, end)
      this.#tell({ kind: 'bounce', side, local, remote, id, name: element.name, from, to, condition, text })
    })
  }

  #tell(word: Word): void {
    this.#deps.context.siblings.tell(JSON.stringify(word))
  }

  #told(text: string): void {
    const word = readWord(text)
    if (word === undefined) return
    const { kind, side, local, remote, id } = word
    if (kind === 'answer') this.#deps.takeAnswer(side, local, remote, id)
    else if (kind === 'claim') this.#open.get(keyOf(local, remote, id))?.(true)
    else if (this.#deps.takeBounce(side, local, remote, errorOf(word))) this.#tell({ kind: 'claim', side, local, remote, id })
  }
}

function keyOf(local: string, remote: string, id: string): string {
  return `${local} ${remote} ${id}`
}

function errorOf({ name = 'message', from, to, id, condition = '', text = '' }: Word): XmlElement {
  const known = (Object.hasOwn(stanzaConditions, condition) ? condition : 'undefined-condition') as StanzaCondition
  return xml(name, ns.client, { from, to, id, type: 'error' }, errorElement(known, text))
}

/** Of another replica, perhaps of another version. */
function readWord(text: string): Word | undefined {
  let word: Partial<Record<keyof Word, unknown>> | null
  try {
    word = JSON.parse(text) as typeof word
  } catch {
    return undefined
  }
  const fields = [word?.local, word?.remote, word?.id, word?.side, word?.kind]
  return fields.every((field) => typeof field === 'string') ? (word as unknown as Word) : undefined
}
