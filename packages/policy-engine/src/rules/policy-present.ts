import type { Rule } from '../rule-context.ts'

/** An empty document lets nothing through, and says so. */
export const policyPresent: Rule = {
  name: 'policy-present',
  apply: (context) => {
    if (context.snapshot.isEmpty) return context.deny('GH-POLICY-EMPTY', `Revision ${context.snapshot.revision} is in force.`)
    if (context.isExplaining) context.detail = `revision ${context.snapshot.revision}`
    return undefined
  },
}
