import type { QueueRule } from '@gatehouse/im-model'
import type { RuleContext } from './rule-context.ts'
import type { CompiledQueue, Snapshot } from './snapshot.ts'

/** Whether an allowed message may wait when its destination is away: as the destination's own object says, else as the whole gate does. */
export function queueRuleOf(context: RuleContext): QueueRule | undefined {
  const { snapshot, destination } = context
  if (destination === undefined) return undefined
  const own = destination.to === 'inside' ? internalQueue(snapshot, destination.domain) : (context.onward ?? context.relation)?.queue
  return (own ?? snapshot.queue)?.rule
}

/** The setting of the domain itself or of the internal domain above it. */
function internalQueue(snapshot: Snapshot, domain: string): CompiledQueue | undefined {
  if (snapshot.internalQueues.size === 0) return undefined
  for (let name = domain; ; ) {
    const queue = snapshot.internalQueues.get(name)
    if (queue !== undefined || snapshot.internal.has(name)) return queue
    const dot = name.indexOf('.')
    if (dot < 0) return undefined
    name = name.slice(dot + 1)
  }
}
