import type { ProofStep } from '@gatehouse/im-model'
import { RuleContext } from '../rule-context.ts'
import { TokenBuckets } from './token-buckets.ts'
import { WatchList } from './watch-list.ts'

export interface DecisionStateOptions {
  /** Peers with a bucket of their own; the least recently used beyond twice this many are forgotten. */
  readonly maxPeers?: number
  readonly maxUsers?: number
  readonly maxWatched?: number
  /** 32 random bits of this process, so that nobody outside can choose addresses that collide. */
  readonly seed?: number
}

/** The counters of one replica. `decide` moves them on, `explain` only looks. One per process; survives a new snapshot. */
export class DecisionState {
  readonly peerBuckets: TokenBuckets
  readonly userBuckets: TokenBuckets
  readonly discoveredBuckets: TokenBuckets
  readonly watchList: WatchList
  /** Reused by every decision: deciding is synchronous, so that two never overlap. */
  readonly context: RuleContext = new RuleContext()
  /** Proofs of messages that passed without a word, by the rules that did not concern them; as many as there are such sets. */
  readonly passingProofs: Map<number, readonly ProofStep[]> = new Map()

  constructor(options: DecisionStateOptions = {}) {
    this.peerBuckets = new TokenBuckets(options.maxPeers ?? 10_000)
    this.userBuckets = new TokenBuckets(options.maxUsers ?? 50_000)
    this.discoveredBuckets = new TokenBuckets(options.maxPeers ?? 10_000)
    this.watchList = new WatchList(options.maxWatched ?? 2000, options.seed ?? 0)
  }
}
