import { deliverAtSubject } from '@gatehouse/bus'
import { type Delivery, type DeliveryClient, deliveryCodes, failedOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { MemberLease } from '../leases/member-lease.ts'

type OnOutcome = (outcome: DeliveryOutcome) => void

/**
 * Deliveries that were handed on to the replicas that own their destinations. A replica that is killed answers none of them, and the bus does not say so: they are
 * given up when its lease runs out, for what comes behind them in the same conversation waits for them.
 */
export class Forwards {
  readonly #client: Pick<DeliveryClient, 'deliverTo'>
  readonly #lease: Pick<MemberLease, 'live' | 'onChange'>
  readonly #open = new Map<string, Set<OnOutcome>>()

  constructor(client: Pick<DeliveryClient, 'deliverTo'>, lease: Pick<MemberLease, 'live' | 'onChange'>) {
    this.#client = client
    this.#lease = lease
    lease.onChange(() => this.#giveUp())
  }

  /** Never rejects. */
  run(replica: string, port: string, delivery: Delivery): Promise<DeliveryOutcome> {
    return new Promise((resolve) => {
      const open = this.#open.get(replica) ?? new Set()
      this.#open.set(replica, open)
      const end: OnOutcome = (outcome) => {
        open.delete(end)
        if (open.size === 0 && this.#open.get(replica) === open) this.#open.delete(replica)
        resolve(outcome)
      }
      open.add(end)
      this.#client.deliverTo(deliverAtSubject(port, replica), delivery, end)
    })
  }

  /** One that stops in good order lives until it has answered everything. */
  #giveUp(): void {
    if (this.#open.size === 0) return
    const live = new Set(this.#lease.live().map(({ replica }) => replica))
    for (const [replica, open] of [...this.#open]) {
      if (live.has(replica)) continue
      const outcome = failedOutcome(deliveryCodes, 'GH-DELIVERY-TIMEOUT', `${replica} is gone.`, { isCertain: false })
      for (const end of [...open]) end(outcome)
    }
  }
}
