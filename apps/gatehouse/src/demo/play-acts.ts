import { messageOf } from '@gatehouse/errors'
import type { Act } from './act.ts'
import type { Narrator } from './narrator.ts'
import type { World } from './world.ts'

export interface ActResult {
  readonly name: string
  readonly isOk: boolean
  /** Why not. */
  readonly detail: string
}

/** Plays one act after the other; one that goes wrong does not keep the next from being played. Ends early on `stop`. */
export async function playActs(acts: readonly Act[], world: World, narrator: Narrator, stop: AbortSignal): Promise<readonly ActResult[]> {
  const results: ActResult[] = []
  for (const { name, title, play } of acts) {
    if (stop.aborted) break
    narrator.act(title)
    try {
      await play(world, narrator)
      narrator.passed()
      results.push({ name, isOk: true, detail: '' })
    } catch (thrown) {
      const detail = messageOf(thrown)
      narrator.failed(detail)
      results.push({ name, isOk: false, detail })
    }
  }
  return results
}
