import type { NameMatch } from '@gatehouse/im-model'
import { findAllowed, findListedNetwork } from '../domain-lookup.ts'
import type { PolicyCode } from '../errors.ts'
import { carriesHost, isHostDirectlyIn, matchSipDomain } from '../names.ts'
import type { RuleContext } from '../rule-context.ts'
import type { Relation } from '../snapshot.ts'
import { checkCredentials } from './credentials.ts'

/**
 * Ties `domain` to the peer of this connection by the inbound table of lcs-edge §7.2: direct row, provider, allow list,
 * default route, discovery. Sets relation, partner, class and name match. May leave `context.need` set; then nothing is decided yet.
 */
export function bindDomain(context: RuleContext, domain: string): PolicyCode | undefined {
  const { snapshot, input } = context
  const partner = snapshot.partners.get(domain)
  if (partner !== undefined) return bindPartner(context, partner, domain)
  const listed = snapshot.providerDomains.get(domain)
  if (listed !== undefined) return bindListedProvider(context, listed, domain)

  const network = findListedNetwork(snapshot, domain)
  if (network !== undefined)
    return context.deny('GH-POLICY-SOURCE-NETWORK', `${domain} belongs to ${network.source}, not to a SIP peer.`, network.source)
  const carrier = carrierOf(context)
  const allowed = findAllowed(snapshot, domain, input.nowMs)
  if (carrier !== undefined && (carrier.isPublic || allowed !== undefined || snapshot.discovered !== undefined)) {
    // a domain that is listed, or a hoster's, is tied to the provider by DNS whatever the switch says: else it could speak for all of them
    const isTrusted = !carrier.isSrvChecked && carrier.isPublic && allowed === undefined
    const leads = isTrusted || leadsTo(context, domain, carrier)
    if (context.need !== undefined) return undefined
    if (leads) return bindConfigured(context, carrier, domain)
  }
  if (allowed !== undefined) return bindBySrv(context, allowed, domain, domain)
  const route = snapshot.defaultRoute
  if (route !== undefined && carriesHost(input.peer.names, route.edgeHost ?? '')) return bindConfigured(context, route, domain)
  if (carrier !== undefined) {
    return context.deny('GH-POLICY-PROVIDER-DOMAIN', `${domain} came from the edge of ${carrier.source}.`, carrier.source)
  }
  if (snapshot.discovered !== undefined) return bindBySrv(context, snapshot.discovered, domain, domain)
  return context.deny('GH-POLICY-SOURCE-UNKNOWN', `Sender domain ${domain}.`)
}

function bindPartner(context: RuleContext, partner: Relation, domain: string): PolicyCode | undefined {
  if (!partner.isEnabled) return context.deny('GH-POLICY-PARTNER-DISABLED', `Sender domain ${domain}.`, partner.source)
  if (partner.edgeHost === undefined) return bindBySrv(context, partner, domain, partner.name)
  const { names } = context.input.peer
  const refusal = checkCredentials(context, partner)
  if (refusal !== undefined) return refusal
  // lcs-edge §6.2: where both could match, RFC 5922 is the one to record
  const match = matchSipDomain(names, domain)
  if (match !== 'none') return bound(context, partner, partner.name, match)
  if (carriesHost(names, partner.edgeHost)) return bound(context, partner, partner.name, 'configured-edge-name')
  return denyNames(context, partner, `neither ${partner.edgeHost} nor ${domain}`)
}

function bindListedProvider(context: RuleContext, provider: Relation, domain: string): PolicyCode | undefined {
  if (!provider.isEnabled) return context.deny('GH-POLICY-PROVIDER-DISABLED', `Sender domain ${domain}.`, provider.source)
  if (!provider.isSrvChecked) return bindConfigured(context, provider, domain)
  if (!carriesHost(context.input.peer.names, provider.edgeHost ?? '')) return denyNames(context, provider, `not ${provider.edgeHost}`)
  const leads = leadsTo(context, domain, provider)
  if (context.need !== undefined) return undefined
  if (leads) return bindConfigured(context, provider, domain)
  return context.deny('GH-POLICY-PROVIDER-DOMAIN', `SRV of ${domain} does not lead to ${provider.edgeHost}.`, provider.source)
}

/** Provider and clearinghouse: the configured edge name, nothing else. */
function bindConfigured(context: RuleContext, relation: Relation, domain: string): PolicyCode | undefined {
  const refusal = checkCredentials(context, relation)
  if (refusal !== undefined) return refusal
  if (!carriesHost(context.input.peer.names, relation.edgeHost ?? '')) {
    return denyNames(context, relation, `not ${relation.edgeHost}, the edge that ${domain} comes through`)
  }
  return bound(context, relation, relation.name, 'configured-edge-name')
}

/** Allowed and discovered: RFC 5922, or an SRV target directly in the domain that the certificate carries (lcs-edge §6.1, §6.3). */
function bindBySrv(context: RuleContext, relation: Relation, domain: string, partner: string): PolicyCode | undefined {
  const { names } = context.input.peer
  const refusal = checkCredentials(context, relation)
  if (refusal !== undefined) return refusal
  const match = matchSipDomain(names, domain)
  if (match !== 'none') return bound(context, relation, partner, match)
  // the federation rule refuses anyway; a stranger must not make us ask DNS first
  if (!context.snapshot.settings.isEnabled) return bound(context, relation, partner, 'none')
  const evidence = context.srv(domain)
  if (evidence === undefined) return undefined
  if (evidence.status !== 'found') {
    const code = evidence.status === 'none' ? 'GH-POLICY-SRV-NONE' : 'GH-POLICY-SRV-FAILED'
    return context.deny(code, `${domain}: ${evidence.detail}`, relation.source)
  }
  for (const target of evidence.targets) {
    if (isHostDirectlyIn(target.host, domain) && carriesHost(names, target.host)) {
      return bound(context, relation, partner, 'srv-host-in-domain')
    }
  }
  const targets = evidence.targets.map((target) => target.host).join(', ')
  return context.deny('GH-POLICY-SRV-MISMATCH', `SRV of ${domain} leads to ${targets}; ${namesText(context)}.`, relation.source)
}

/** The enabled provider without a domain list whose edge this peer is. */
function carrierOf(context: RuleContext): Relation | undefined {
  for (const provider of context.snapshot.providers) {
    if (provider.domains.size === 0 && carriesHost(context.input.peer.names, provider.edgeHost ?? '')) return provider
  }
  return undefined
}

/** Whether the domain's SRV record leads to the provider (counter SIP-061 of lcs-edge §8.2). */
function leadsTo(context: RuleContext, domain: string, provider: Relation): boolean {
  // the federation rule refuses anyway; a stranger must not make us ask DNS first
  if (!context.snapshot.settings.isEnabled) return true
  const evidence = context.srv(domain)
  return evidence?.status === 'found' && evidence.targets.some((target) => target.host === provider.edgeHost)
}

function bound(context: RuleContext, relation: Relation, partner: string, match: NameMatch): undefined {
  context.relation = relation
  context.peerClass = relation.peerClass
  context.partner = partner
  context.nameMatch = match
  return undefined
}

function denyNames(context: RuleContext, relation: Relation, missing: string): PolicyCode {
  return context.deny('GH-POLICY-SOURCE-CERTIFICATE', `It carries ${missing}; ${namesText(context)}.`, relation.source)
}

/** A certificate may carry hundreds of names; a log line need not. */
function namesText(context: RuleContext): string {
  const { dns, sipDomains, commonName } = context.input.peer.names
  const all = [...sipDomains.map((domain) => `sip:${domain}`), ...dns]
  if (all.length === 0) return `its common name is ${commonName ?? 'absent'}`
  return `its names are ${all.slice(0, 5).join(', ')}${all.length > 5 ? ` and ${all.length - 5} more` : ''}`
}
