import type { PeerClass } from '@gatehouse/im-model'
import { homeSystemOf, isInternalDomain, isUsableDomain } from '../domain-lookup.ts'
import type { PolicyCode } from '../errors.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import { bindDomain } from './bind-domain.ts'
import { bindNetwork } from './bind-network.ts'

/** Rule 2. The sender's domain has to belong to this very peer; inside speaks for internal domains only, outside never does. */
export const sourceBinding: Rule = {
  name: 'source-binding',
  apply: (context) => {
    const { input } = context
    // what vouches for a network's people is the evidence of its connector; there need not be a certificate
    const isBridged = input.bridge !== undefined && input.side === 'external'
    if (!isBridged && !input.peer.isAuthenticated) {
      return context.deny('GH-POLICY-PEER-UNAUTHENTICATED', input.peer.refusal?.code ?? 'No certificate was presented.')
    }
    if (!context.isFromUsable) return context.deny('GH-POLICY-SOURCE-MALFORMED', `It is ${quoted(input.fromDomain)}.`)
    const refusal = input.side === 'internal' ? checkInside(context) : checkOutside(context)
    if (refusal === undefined && context.isExplaining && context.need === undefined) explainPass(context)
    return refusal
  },
}

function checkInside(context: RuleContext): PolicyCode | undefined {
  const { input, snapshot } = context
  if (input.bound !== undefined && input.bound.peerClass !== 'inside') {
    return context.deny('GH-POLICY-SOURCE-NOT-INSIDE', `The connection is of class ${input.bound.peerClass}.`)
  }
  context.peerClass = 'inside'
  if (!isInternalDomain(snapshot, input.fromDomain))
    return context.deny('GH-POLICY-SOURCE-NOT-INTERNAL', `Sender domain ${input.fromDomain}.`)
  const home = homeSystemOf(snapshot, input.fromDomain)
  if (home !== (input.bridge?.protocol ?? 'sip')) {
    return context.deny(
      'GH-POLICY-SOURCE-HOME',
      `The home system of ${input.fromDomain} speaks ${home}, not ${input.bridge?.protocol ?? 'sip'}.`,
    )
  }
  for (const domain of input.assertedDomains) {
    if (!isInternalDomain(snapshot, domain))
      return context.deny('GH-POLICY-ASSERTED-DOMAIN', `Asserted domain ${quoted(domain)} is not internal.`)
  }
  return undefined
}

function checkOutside(context: RuleContext): PolicyCode | undefined {
  const { input, snapshot } = context
  if (isInternalDomain(snapshot, input.fromDomain)) {
    return context.deny('GH-POLICY-SOURCE-INTERNAL', `Sender domain ${input.fromDomain}.`)
  }
  if (input.bridge !== undefined) return bindNetwork(context, input.bridge, input.fromDomain)
  const refusal = bindDomain(context, input.fromDomain)
  if (refusal !== undefined || context.need !== undefined) return refusal
  return checkClass(context) ?? checkAsserted(context)
}

/** lcs-edge §6.3 step 3: the first message fixes the kind of traffic of a connection. */
function checkClass(context: RuleContext): PolicyCode | undefined {
  const { bound } = context.input
  if (bound === undefined) return undefined
  const isOneOperator = context.peerClass !== 'provider' && context.peerClass !== 'clearinghouse'
  if (familyOf(bound.peerClass) === familyOf(context.peerClass) && (isOneOperator || bound.partner === context.partner)) return undefined
  return context.deny(
    'GH-POLICY-SOURCE-CLASS',
    `The connection belongs to ${bound.peerClass} ${bound.partner}; the message is from ${context.peerClass} ${context.partner}.`,
    context.relation?.source,
  )
}

/** Allowed and discovered domains are one kind of traffic: one hoster's edge may carry both. */
function familyOf(peerClass: PeerClass): PeerClass {
  return peerClass === 'discovered' ? 'allowed' : peerClass
}

/** lcs-edge §3.5: the domain of P-Asserted-Identity is validated like From's. */
function checkAsserted(context: RuleContext): PolicyCode | undefined {
  const { input, snapshot } = context
  const { relation, peerClass, partner, nameMatch } = context
  for (const domain of input.assertedDomains) {
    if (domain === input.fromDomain) continue
    if (!isUsableDomain(domain) || isInternalDomain(snapshot, domain))
      return denyAsserted(context, domain, 'it is not a domain of the peer')
    const refusal = bindDomain(context, domain)
    if (context.need !== undefined) return undefined
    if (refusal !== undefined) return denyAsserted(context, domain, refusal)
    if (familyOf(context.peerClass) !== familyOf(peerClass)) return denyAsserted(context, domain, `it is of class ${context.peerClass}`)
    context.relation = relation
    context.peerClass = peerClass
    context.partner = partner
    context.nameMatch = nameMatch
  }
  return undefined
}

function denyAsserted(context: RuleContext, domain: string, why: string): PolicyCode {
  return context.deny('GH-POLICY-ASSERTED-DOMAIN', `Asserted domain ${quoted(domain)}: ${why}.`, context.source)
}

function explainPass(context: RuleContext): void {
  context.source = context.relation?.source
  context.detail =
    context.peerClass === 'inside'
      ? `${context.input.fromDomain} is internal and the peer is inside`
      : `${context.input.fromDomain} belongs to ${context.peerClass} ${context.partner} by ${context.nameMatch}`
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
