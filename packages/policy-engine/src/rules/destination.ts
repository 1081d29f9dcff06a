import type { Destination } from '@gatehouse/im-model'
import { findAllowed, findListedNetwork, homeSystemOf, isInternalDomain } from '../domain-lookup.ts'
import type { PolicyCode } from '../errors.ts'
import { isHostDirectlyIn } from '../names.ts'
import type { Rule, RuleContext } from '../rule-context.ts'
import type { Relation } from '../snapshot.ts'

/** Rule 3. From outside to an internal domain, or between members of our clearinghouse; from inside by the outbound table. */
export const destination: Rule = {
  name: 'destination',
  apply: (context) => {
    const { input, snapshot } = context
    const domain = input.toDomain
    if (!context.isToUsable) return context.deny('GH-POLICY-DESTINATION-UNKNOWN', 'The request has no usable domain.')
    if (isInternalDomain(snapshot, domain)) {
      const home = homeSystemOf(snapshot, domain)
      context.destination = home === 'sip' ? { to: 'inside', domain } : { to: 'inside', domain, port: home }
      if (input.side === 'internal') context.direction = 'transit'
      if (context.isExplaining) context.detail = `${domain} is internal`
      return undefined
    }
    const refusal = input.side === 'external' ? transit(context, domain) : route(context, domain)
    if (refusal === undefined && context.isExplaining && context.need === undefined) explainPass(context)
    return refusal
  },
}

/** lcs-edge §7.3: a clearinghouse carries between its members, which are its direct partners, and for nobody else. */
function transit(context: RuleContext, domain: string): PolicyCode | undefined {
  const { snapshot, relation } = context
  if (!snapshot.settings.isClearinghouse) return context.deny('GH-POLICY-RELAY', `Destination domain ${domain}.`)
  const member = snapshot.partners.get(domain)
  if (relation?.peerClass !== 'direct')
    return context.deny('GH-POLICY-RELAY', 'The sender is no member of this clearinghouse.', relation?.source)
  if (member?.peerClass !== 'direct') return context.deny('GH-POLICY-RELAY', `${domain} is no member of this clearinghouse.`)
  if (!member.isEnabled) return context.deny('GH-POLICY-PARTNER-DISABLED', `Destination domain ${domain}.`, member.source)
  if (member === relation) return context.deny('GH-POLICY-RELAY', `${domain} lies behind the edge that sent this.`, member.source)
  context.direction = 'transit'
  context.onward = member
  context.destination = peerDestination(member, member.name, domain)
  return undefined
}

/** The outbound table of lcs-edge §7.2. */
function route(context: RuleContext, domain: string): PolicyCode | undefined {
  const { snapshot } = context
  const partner = snapshot.partners.get(domain)
  if (partner !== undefined) {
    if (!partner.isEnabled) return context.deny('GH-POLICY-PARTNER-DISABLED', `Destination domain ${domain}.`, partner.source)
    return leave(context, partner, partner.name, domain)
  }
  const listed = snapshot.providerDomains.get(domain)
  if (listed !== undefined) {
    if (!listed.isEnabled) return context.deny('GH-POLICY-PROVIDER-DISABLED', `Destination domain ${domain}.`, listed.source)
    return leave(context, listed, listed.name, domain)
  }
  const network = findListedNetwork(snapshot, domain)
  if (network !== undefined) return leaveToNetwork(context, network, domain)
  const allowed = findAllowed(snapshot, domain, context.input.nowMs)
  // lcs-edge §7.2: with a default route there is no SRV routing but for what is listed
  if (allowed === undefined && snapshot.defaultRoute !== undefined) {
    return leave(context, snapshot.defaultRoute, snapshot.defaultRoute.name, domain)
  }
  return routeBySrv(context, domain, allowed)
}

function routeBySrv(context: RuleContext, domain: string, allowed: Relation | undefined): PolicyCode | undefined {
  const { snapshot } = context
  const relation = allowed ?? snapshot.discovered
  const isSrvWanted = snapshot.hasSrvProviders || (allowed === undefined && relation !== undefined)
  // with federation off the next rule refuses; nobody has to ask DNS for that
  if (isSrvWanted && snapshot.settings.isEnabled) {
    const evidence = context.srv(domain)
    if (evidence === undefined) return undefined
    if (evidence.status === 'found') {
      const provider = providerAt(context, evidence.targets)
      if (provider !== undefined) {
        if (provider.isPublic || relation !== undefined) return leave(context, provider, provider.name, domain)
        return context.deny('GH-POLICY-PROVIDER-DOMAIN', `SRV of ${domain} leads to ${provider.edgeHost}.`, provider.source)
      }
      if (relation !== undefined && allowed === undefined && !evidence.targets.some((target) => isHostDirectlyIn(target.host, domain))) {
        return context.deny('GH-POLICY-SRV-MISMATCH', `SRV of ${domain} leads out of the domain.`, relation.source)
      }
    } else if (relation !== undefined && allowed === undefined) {
      const open = snapshot.networks?.open
      // a domain without a record has no SIP edge; one whose record could not be had may have
      if (evidence.status === 'none' && open !== undefined) return leaveToNetwork(context, open, domain)
      const code = evidence.status === 'none' ? 'GH-POLICY-SRV-NONE' : 'GH-POLICY-SRV-FAILED'
      return context.deny(code, `${domain}: ${evidence.detail}`, relation.source)
    }
  }
  if (relation === undefined) {
    const open = snapshot.networks?.open
    if (open !== undefined) return leaveToNetwork(context, open, domain)
    return context.deny('GH-POLICY-DESTINATION-UNKNOWN', `Destination domain ${domain}.`)
  }
  return leave(context, relation, domain, domain)
}

function providerAt(context: RuleContext, targets: readonly { readonly host: string }[]): Relation | undefined {
  for (const provider of context.snapshot.providers) {
    if (provider.domains.size === 0 && targets.some((target) => target.host === provider.edgeHost)) return provider
  }
  return undefined
}

function leaveToNetwork(context: RuleContext, relation: Relation, domain: string): PolicyCode | undefined {
  if (!relation.isEnabled) return context.deny('GH-POLICY-NETWORK-DISABLED', `Destination domain ${domain}.`, relation.source)
  context.relation = relation
  context.peerClass = relation.peerClass
  context.partner = relation.name
  context.destination = { to: 'network', network: relation.name, protocol: relation.network?.protocol ?? '', domain }
  return undefined
}

function leave(context: RuleContext, relation: Relation, partner: string, domain: string): undefined {
  context.relation = relation
  context.peerClass = relation.peerClass
  context.partner = partner
  context.destination = peerDestination(relation, partner, domain)
  return undefined
}

function peerDestination(relation: Relation, partner: string, domain: string): Destination {
  return {
    to: 'peer',
    peerClass: relation.peerClass,
    partner,
    domain,
    edgeHost: relation.edgeHost,
    edgePort: relation.edgePort,
    links: relation.links,
    trust: relation.trust,
    pins: relation.pins,
    dialect: relation.dialect,
  }
}

function explainPass(context: RuleContext): void {
  const target = context.onward ?? context.relation
  context.source = target?.source
  if (target?.network !== undefined) {
    context.detail = `${context.input.toDomain} is reached over ${target.network.protocol}`
    return
  }
  const edge = target?.edgeHost === undefined ? 'its SRV record' : `${target.edgeHost}:${target.edgePort}`
  context.detail = `${context.input.toDomain} is reached as ${target?.peerClass ?? 'nothing'} by ${edge}`
}
