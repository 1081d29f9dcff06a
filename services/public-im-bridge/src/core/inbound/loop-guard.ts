import { createHash } from 'node:crypto'
import type { Incoming } from '@gatehouse/bridge-kit'
import { pairKey } from '../conversation-key.ts'
import { RecentMap } from '../recent-map.ts'

const MOST = 50_000
const WINDOW_MS = 30_000
/** Nobody says the same thing to the same person so often in half a minute, either way; two automatic replies do. */
const MOST_ALIKE = 10

/** Notices messages that go round: the same text between the same two, again and again, whoever of them says it. */
export class LoopGuard {
  readonly #counts = new RecentMap<{ count: number }>({ most: MOST, lifetimeMs: WINDOW_MS })

  /** True: it is one too many. */
  isLoop(event: Pick<Incoming, 'from' | 'to' | 'content'>, nowMs: number): boolean {
    if (event.content.kind !== 'message') return false
    const key = createHash('sha256').update(pairKey(event.from, event.to)).update('\0').update(event.content.text).digest('base64')
    const seen = this.#counts.get(key, nowMs)
    if (seen === undefined) {
      this.#counts.set(key, { count: 1 }, nowMs)
      return false
    }
    seen.count++
    return seen.count > MOST_ALIKE
  }
}
