import type { Delivery } from '@gatehouse/delivery'
import type { DeliveryOutcome, ImContent } from '@gatehouse/im-model'
import { pairKey } from './im-sessions.ts'
import type { OnOutcome } from './outcome-of-answer.ts'
import type { DialogKind, DialogRecord, SiblingDialogs } from './sibling-dialogs.ts'

/** Nobody answers there: the replica is gone, and nothing was done. */
const NOBODY = 'GH-DELIVERY-NOBODY'

export interface SiblingDeliveriesDeps {
  readonly replica: string
  readonly dialogs: SiblingDialogs
  readonly deliverAt: (replica: string, delivery: Delivery, onOutcome: OnOutcome) => void
  /** Whether this replica has the session already, or is opening it. */
  readonly hasSession: (delivery: Delivery) => boolean
  readonly adopt: (records: readonly DialogRecord[]) => void
  readonly deliverHere: (delivery: Delivery, onOutcome: OnOutcome) => void
}

/**
 * Any replica may be handed a delivery; the one that has the session or the subscription sends it. When that one is gone, this one goes
 * on with its dialogs.
 */
export class SiblingDeliveries {
  readonly #deps: SiblingDeliveriesDeps

  constructor(deps: SiblingDeliveriesDeps) {
    this.#deps = deps
  }

  deliver(delivery: Delivery, onOutcome: OnOutcome): void {
    const { dialogs, deliverHere, hasSession } = this.#deps
    if (delivery.forwardedBy !== '') return deliverHere(delivery, onOutcome)
    const kind = kindOf(delivery.envelope.content)
    if (kind === 'session' && hasSession(delivery)) return deliverHere(delivery, onOutcome)
    const replicas = dialogs.replicasOf(kind, pairKey(delivery.envelope.from, delivery.envelope.to))
    if (replicas.length === 0) return deliverHere(delivery, onOutcome)
    if (kind === 'watcher') return this.#deliverToAll(replicas, delivery, onOutcome)
    this.#forward(replicas[0] as string, kind, delivery, onOutcome)
  }

  #forward(replica: string, kind: DialogKind, delivery: Delivery, onOutcome: OnOutcome): void {
    this.#ask(replica, kind, delivery, (outcome) => {
      if (outcome.code === NOBODY) this.#deps.deliverHere(delivery, onOutcome)
      else onOutcome(outcome)
    })
  }

  /** Each of the user's phones may have its subscription in another replica. The best outcome counts. */
  #deliverToAll(replicas: readonly string[], delivery: Delivery, onOutcome: OnOutcome): void {
    let open = replicas.length
    let best: DeliveryOutcome | undefined
    const settle = (outcome: DeliveryOutcome): void => {
      best = best === undefined || best.status === 'failed' ? outcome : best
      // last of all here, with what was taken over from those that are gone
      if (open-- === 0) return onOutcome(best)
      if (open === 0) this.#deps.deliverHere(delivery, settle)
    }
    for (const replica of replicas) this.#ask(replica, 'watcher', delivery, settle)
  }

  #ask(replica: string, kind: DialogKind, delivery: Delivery, onOutcome: OnOutcome): void {
    const { dialogs, deliverAt, adopt } = this.#deps
    deliverAt(replica, { ...delivery, forwardedBy: this.#deps.replica }, (outcome) => {
      if (outcome.code === NOBODY) adopt(dialogs.takeFrom(replica, kind, pairKey(delivery.envelope.from, delivery.envelope.to)))
      onOutcome(outcome)
    })
  }
}

function kindOf(content: ImContent): DialogKind {
  if (content.kind !== 'presence') return 'session'
  return content.type === 'subscribe' || content.type === 'unsubscribe' || content.type === 'probe' ? 'watched' : 'watcher'
}
