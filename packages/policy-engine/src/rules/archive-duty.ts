import type { Rule } from '../rule-context.ts'
import { archiveModeOf, hasFactsForMode } from './archive-mode.ts'

/** Rule 11. Never refuses: it says what the archive has to do before the message may go on (the decision carries it). */
export const archiveDuty: Rule = {
  name: 'archive-duty',
  apply: (context) => {
    if (!hasFactsForMode(context) || !context.isExplaining) return undefined
    const { archive } = context.snapshot
    const { value, source } = archiveModeOf(context)
    if (source !== '') context.source = source
    const isKept = archive !== 'off' && value !== 'off'
    context.detail = isKept ? `${archive}, ${value === 'body' ? 'with' : 'without'} body` : 'not archived'
    return undefined
  },
}
