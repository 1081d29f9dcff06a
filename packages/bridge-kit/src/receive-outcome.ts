import type { DeliveryOutcome } from '@gatehouse/im-model'

/** What the core made of an `Incoming`: what became of it at its destination, or why it was refused. */
export interface ReceiveOutcome extends DeliveryOutcome {
  /** What the sender may be told, in the clear; `detail` is for inside and logs only. Empty: nothing but the status. */
  readonly notice: string
}
