import { type FilterCause, filterContent } from '@gatehouse/content-filter'
import type { MessageContent } from '@gatehouse/im-model'
import type { TrafficScope } from '../document.ts'
import type { PolicyCode } from '../errors.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import type { ScopedFilter, ScopedInspector } from '../snapshot.ts'
import { endsExchange } from './ends-exchange.ts'

const CODES: Readonly<Record<FilterCause, PolicyCode>> = {
  link: 'GH-POLICY-CONTENT-LINK',
  extension: 'GH-POLICY-CONTENT-EXTENSION',
  'too-many-links': 'GH-POLICY-CONTENT-TOO-MANY-LINKS',
  file: 'GH-POLICY-CONTENT-FILE',
  pattern: 'GH-POLICY-CONTENT-PATTERN',
  unreadable: 'GH-POLICY-CONTENT-UNREADABLE',
}

/** What the sender is told, whichever side he is on; nothing of what the filter looks for. */
const WARNINGS: Readonly<Record<FilterCause, string>> = {
  link: 'The message was not delivered because it contains a hyperlink',
  extension: 'The message was not delivered because it contains a hyperlink to a blocked kind of file',
  'too-many-links': 'The message was not delivered because it contains too many hyperlinks',
  file: 'The file was not offered because files of its kind are blocked',
  pattern: 'The message was not delivered because of its content',
  unreadable: 'The message was not delivered because its content cannot be checked',
}

/** Rule 9. Whom to ask outside, and what the gate itself sees: links, file offers and patterns in what people would read (lcs-edge §10). Presence, typing and receipts carry none. */
export const content: Rule = {
  name: 'content',
  apply: (context) => {
    const { input, snapshot } = context
    const { contentFilters, inspectors } = snapshot
    if ((contentFilters.length === 0 && inspectors.length === 0) || input.content === undefined || endsExchange(input))
      return context.skip()
    if (inspectors.length > 0) nameInspectors(context, inspectors)
    if (input.kind !== 'message' && input.kind !== 'session' && input.kind !== 'other') return context.skip()
    let carried: MessageContent | undefined
    for (const filter of contentFilters) {
      if (!isInScope(filter.scope, context)) continue
      carried ??= input.content()
      if (carried === undefined) break
      const outcome = filterContent(filter.filter, carried)
      if (outcome.cause !== undefined && !filter.isObserving) {
        context.warning = WARNINGS[outcome.cause]
        return context.deny(CODES[outcome.cause], `It has ${outcome.detail}.`, filter.source)
      }
      if (outcome.cause !== undefined) context.observe('content', CODES[outcome.cause], `It has ${outcome.detail}.`, filter.source)
      const found = outcome.cause === undefined ? outcome.detail : `would be ${CODES[outcome.cause]}: ${outcome.detail}`
      if (found !== '') note(context, filter, found)
      if (outcome.content !== undefined && !filter.isObserving) {
        carried = outcome.content
        context.rewrite = carried
      }
    }
    if (carried === undefined) return context.skip()
    if (context.isExplaining) context.detail ??= 'nothing was found'
    return undefined
  },
}

/** Who has to be asked, once everything else lets the message pass; asking takes time, which no rule has. */
function nameInspectors(context: RuleContext, inspectors: readonly ScopedInspector[]): void {
  const { kind } = context.input
  const calls = inspectors.filter(({ kinds, scope }) => kinds.has(kind) && isInScope(scope, context)).map(({ call }) => call)
  if (calls.length > 0) context.inspectors = calls
}

/** The archive and the log say what was found, also where the message passes. */
function note(context: RuleContext, filter: ScopedFilter, found: string): void {
  const text = filter.isObserving ? `observed, not enforced: ${found}` : found
  context.detail = context.detail === undefined ? text : `${context.detail}; ${text}`
  context.source = filter.source
  context.isNoted = true
}

/** Inbound and in transit the other party is who sends, outbound who receives. */
function isInScope(scope: TrafficScope, context: RuleContext): boolean {
  const { directions, peerClasses, partners } = scope
  if (directions.length > 0 && !directions.includes(context.direction)) return false
  if (peerClasses.length > 0 && !peerClasses.includes(context.relation?.peerClass ?? context.peerClass)) return false
  if (partners.length === 0) return true
  const { destination } = context
  return partners.includes(context.partner) || (destination?.to === 'peer' && partners.includes(destination.partner))
}
