import { userKey } from '../address-key.ts'
import type { PolicyCode } from '../errors.ts'
import { contactOf } from '../facts/contact-of.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import { endsExchange } from './ends-exchange.ts'

/**
 * Rule 8. Inside clients cannot be trusted to hold unverified strangers back, so the gate does. In a dialog nothing is asked again:
 * its first request was let in, or was our own user's. In transit the recipient's gate asks.
 */
export const unverifiedSender: Rule = {
  name: 'unverified-sender',
  apply: (context) => {
    const { input } = context
    if (context.mark === 'verified' || context.direction !== 'inbound' || input.isInDialog || endsExchange(input)) return context.skip()
    const refusal = input.kind === 'presence' ? checkPresence(context) : checkMessage(context)
    if (refusal === undefined || !context.snapshot.settings.isObservingUnverified) return refusal
    context.observe('unverified-sender', refusal, context.detail ?? '', context.source ?? '')
    context.detail = 'on trial: the sender would be refused'
    return undefined
  },
}

function checkPresence(context: RuleContext): PolicyCode | undefined {
  const { settings } = context.snapshot
  if (settings.unverifiedPresence === 'allow') return passBySetting(context, 'presence for unverified watchers is allowed')
  if (settings.unverifiedPresence === 'block') {
    return context.deny('GH-POLICY-UNVERIFIED-PRESENCE', 'Presence for unverified watchers is blocked.', settings.source)
  }
  return checkContact(context, 'GH-POLICY-UNVERIFIED-PRESENCE')
}

function checkMessage(context: RuleContext): PolicyCode | undefined {
  const { settings, users } = context.snapshot
  if (settings.unverifiedMessage === 'deliver') return passBySetting(context, 'unverified messages are delivered')
  if (settings.unverifiedMessage === 'refuse') {
    return context.deny('GH-POLICY-UNVERIFIED-MESSAGE', 'Unverified messages are refused.', settings.source)
  }
  return checkContact(context, users.settings.holdsFirstContact ? 'GH-POLICY-FIRST-CONTACT' : 'GH-POLICY-UNVERIFIED-MESSAGE')
}

/** Contact list of the document, imported, learned and accepted contacts, safe list. */
function checkContact(context: RuleContext, code: PolicyCode): PolicyCode | undefined {
  const { input, snapshot } = context
  const facts = context.userFacts ?? context.factsOf(input.toUser, input.toDomain)
  if (facts === undefined) return undefined
  const sender = userKey(input.fromUser, input.fromDomain)
  const reason = contactOf(facts, sender, input.fromDomain, input.nowMs)
  const source = facts.written?.source ?? facts.found?.detail
  if (reason === undefined) {
    return context.deny(code, `${sender} is no contact of ${input.toUser}@${input.toDomain}.`, source ?? snapshot.settings.source)
  }
  if (context.isExplaining) {
    context.detail = `${sender} is on the ${reason === 'safe list' ? 'safe list' : 'contact list'} of ${input.toUser}@${input.toDomain}`
    context.source = source
  }
  return undefined
}

function passBySetting(context: RuleContext, detail: string): undefined {
  if (!context.isExplaining) return
  context.detail = detail
  context.source = context.snapshot.settings.source
}
