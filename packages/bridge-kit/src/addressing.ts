import type { ImAddress } from '@gatehouse/im-model'
import type { NetworkAddress } from './ids.ts'

/**
 * People of the network, both ways. Pure, and the one is the other backwards: `fromNetwork(toNetwork(a))` is `a`, and
 * `toNetwork(fromNetwork(n))` names the same person as `n` (the network may fold case). Undefined: there is no such person.
 */
export interface Addressing {
  /** The network's name of somebody we know as `address`. */
  toNetwork(address: ImAddress): NetworkAddress | undefined
  /** The address under which our inside knows somebody of the network. */
  fromNetwork(person: NetworkAddress): ImAddress | undefined
}
