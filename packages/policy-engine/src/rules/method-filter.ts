import type { PolicyCode } from '../errors.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import type { CompiledMethods, NetworkTraits } from '../snapshot.ts'
import { endsExchange } from './ends-exchange.ts'

/** Rule 6. The gate's own filter and those of every peer on the way have to let the method pass. */
export const methodFilter: Rule = {
  name: 'method-filter',
  apply: (context) => {
    const { settings } = context.snapshot
    const { relation, onward, input } = context
    if (relation?.network !== undefined && !endsExchange(input)) {
      const refusal = checkKind(context, relation.network, relation.source)
      // the words of other protocols stand in no filter of SIP methods
      if (refusal !== undefined || input.bridge !== undefined) return refusal
    }
    if (settings.methods === undefined && relation?.methods === undefined && onward?.methods === undefined) return context.skip()
    // what ends an exchange that was let in has to be able to end it
    if (endsExchange(input)) return context.skip()
    const refusal =
      check(context, settings.methods, settings.source) ??
      check(context, relation?.methods, relation?.source) ??
      check(context, onward?.methods, onward?.source)
    if (refusal === undefined && context.isExplaining) context.detail = `${input.method} passes`
    return refusal
  },
}

/** Networks have no SIP methods: what passes is said by kind. */
function checkKind(context: RuleContext, network: NetworkTraits, source: string): PolicyCode | undefined {
  const { kind } = context.input
  if (!network.kinds.has(kind)) return context.deny('GH-POLICY-KIND', `It is of kind ${kind}.`, source)
  if (context.isExplaining) context.detail = `${kind} passes`
  return undefined
}

function check(context: RuleContext, methods: CompiledMethods | undefined, source: string | undefined): PolicyCode | undefined {
  if (methods === undefined) return undefined
  const { method } = context.input
  const isMissing = methods.allow !== undefined && !methods.allow.has(method)
  if (!isMissing && methods.deny?.has(method) !== true) return undefined
  const detail = isMissing ? `${method} is not in its allow list.` : `${method} is in its deny list.`
  if (!methods.isObserving) return context.deny('GH-POLICY-METHOD', detail, source)
  context.observe('method-filter', 'GH-POLICY-METHOD', detail, source ?? '')
  return undefined
}
