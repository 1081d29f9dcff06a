import type { Rule } from '../rule-context.ts'

/** Rule 11. Never refuses: it says what the archive has to do before the message may go on (the decision carries it). */
export const archiveDuty: Rule = {
  name: 'archive-duty',
  apply: (context) => {
    if (!context.isExplaining) return undefined
    const { archive, archiveBody } = context.snapshot
    context.detail = archive === 'off' ? 'not archived' : `${archive}, ${archiveBody ? 'with' : 'without'} body`
    return undefined
  },
}
