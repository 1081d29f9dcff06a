import type { Rule } from '../rule-context.ts'

/** Rule 4. Nothing crosses the border while federation is off. */
export const federationSwitch: Rule = {
  name: 'federation-switch',
  apply: (context) => {
    const { settings } = context.snapshot
    if (context.input.side === 'internal' && context.destination?.to === 'inside') return context.skip()
    if (!settings.isEnabled) return context.deny('GH-POLICY-FEDERATION-OFF', '', settings.source)
    if (context.isExplaining) {
      context.detail = 'federation is on'
      context.source = settings.source
    }
    return undefined
  },
}
