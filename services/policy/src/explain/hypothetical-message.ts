import {
  type EvidenceClass,
  type ImAddress,
  kindOfMethod,
  type Mark,
  type MessageContent,
  NOBODY,
  type PeerIdentity,
  parseAddress,
} from '@gatehouse/im-model'
import type { BridgeEvidence, DecisionInput, Snapshot, SrvEvidence, SrvTarget } from '@gatehouse/policy-engine'
import { findNetwork, homeSystemOf, relationOf, sideOf } from '@gatehouse/policy-engine'
import type { Question } from '@gatehouse/proto'
import { policyError } from '../errors.ts'

const EVIDENCE: readonly EvidenceClass[] = ['V0', 'V1', 'V2', 'V3']

/** A message that need not exist, and what had to be assumed to make it whole. */
export interface Hypothesis {
  readonly input: DecisionInput
  readonly assumptions: readonly string[]
}

/** Fills in what the question leaves open, in favour of an honest sender, and says each thing it filled in. Throws GH-REVISION-QUESTION. */
export function makeHypothesis(question: Question, snapshot: Snapshot, nowMs: number): Hypothesis {
  const from = addressOf(question.fromAddress, 'sender')
  const to = addressOf(question.toAddress, 'recipient')
  const assumptions: string[] = []
  const side = sideOfQuestion(question, from, snapshot, assumptions)
  const method = question.method === '' ? 'MESSAGE' : question.method.toUpperCase()
  if (question.method === '') assumptions.push('the method is MESSAGE')
  const outside = side === 'external' ? from.domain : to.domain
  const isOutbound = side === 'internal'
  const bridge = bridgeOf(question, isOutbound, from, snapshot, nowMs, assumptions)
  const peer = bridge === undefined || isOutbound ? peerOf(question, isOutbound, outside, snapshot, nowMs, assumptions) : NOBODY
  if (!isOutbound && bridge === undefined && question.assertedMark === '')
    assumptions.push('the peer says nothing of how well it knows the sender (no mark)')
  assumptions.push('it begins something new (is not part of a dialog)', 'no rate or address limit is used up')
  return {
    assumptions,
    input: {
      nowMs,
      side,
      kind: kindOfMethod(method),
      method,
      fromUser: from.user,
      fromDomain: from.domain,
      toUser: to.user,
      toDomain: to.domain,
      assertedDomains: [],
      peer,
      bound: isOutbound ? { peerClass: 'inside', partner: 'inside' } : undefined,
      assertedMark: markOf(question.assertedMark),
      isInDialog: false,
      bridge,
      srv: srvOf(question, outside, assumptions),
      content: () => contentOf(question),
    },
  }
}

function addressOf(text: string, role: string): ImAddress {
  const address = parseAddress(text.replace(/^sips?:/i, ''))
  if (address === undefined) throw policyError('GH-REVISION-QUESTION', `The ${role} is ${JSON.stringify(text.slice(0, 100))}.`)
  return address
}

function sideOfQuestion(question: Question, from: ImAddress, snapshot: Snapshot, assumptions: string[]): DecisionInput['side'] {
  if (question.side === 'external' || question.side === 'internal') return question.side
  const side = sideOf(snapshot, from.domain)
  assumptions.push(
    side === 'internal'
      ? `it comes from inside, as ${from.domain} is internal`
      : `it comes from outside, as ${from.domain} is not internal`,
  )
  return side
}

/** A sender on a network comes through the bridge, unless the question names a certificate; so does one whose home system speaks no SIP. */
function bridgeOf(
  question: Question,
  isOutbound: boolean,
  from: ImAddress,
  snapshot: Snapshot,
  nowMs: number,
  assumptions: string[],
): BridgeEvidence | undefined {
  if (isOutbound) {
    const protocol = homeSystemOf(snapshot, from.domain)
    return protocol === 'sip' ? undefined : { protocol, evidence: 'V3' }
  }
  const network = question.certificateNames.length > 0 ? undefined : findNetwork(snapshot, from.domain, nowMs)
  if (network?.network === undefined) return undefined
  const { protocol } = network.network
  assumptions.push(`it comes over ${protocol}, as ${network.source} has ${from.domain}`)
  const given = EVIDENCE.find((each) => each === question.evidence.toUpperCase())
  if (given === undefined) assumptions.push('the network vouches for the account of the sender (evidence V2)')
  return { protocol, evidence: given ?? 'V2' }
}

function peerOf(
  question: Question,
  isOutbound: boolean,
  outside: string,
  snapshot: Snapshot,
  nowMs: number,
  assumptions: string[],
): PeerIdentity {
  const relation = isOutbound ? undefined : relationOf(snapshot, outside, nowMs)
  const names = question.certificateNames.map((name) => name.toLowerCase())
  if (names.length === 0 && !isOutbound) {
    const host = relation?.edgeHost ?? srvHosts(question)[0] ?? `sip.${outside}`
    names.push(host)
    assumptions.push(
      `the peer has a valid certificate for ${host}${relation?.edgeHost === undefined ? '' : `, as ${relation.source} has it`}`,
    )
  } else if (isOutbound) assumptions.push('it is sent by one of our inside servers')
  else assumptions.push('the certificate is valid')
  if (relation !== undefined && relation.trust.length > 0) assumptions.push(`the certificate chains to ${relation.trust[0]}`)
  if (relation !== undefined && relation.pins.length > 0) assumptions.push('its key is a pinned one')
  const sipDomains = names.filter((name) => name.startsWith('sip:')).map((name) => name.slice(4))
  return {
    isAuthenticated: true,
    refusal: undefined,
    names: { dns: names.filter((name) => !name.startsWith('sip:')), sipDomains, commonName: undefined },
    anchors: relation?.trust.slice(0, 1) ?? [],
    mayBeTlsClient: true,
    fingerprint: 'hypothetical',
    spkiPin: relation?.pins[0] ?? '',
    issuer: 'hypothetical',
    serial: '0',
    notAfterMs: Number.MAX_SAFE_INTEGER,
  }
}

/** Asked only when a rule wants it, so that the assumption is told only then. */
function srvOf(question: Question, outside: string, assumptions: string[]): (domain: string) => SrvEvidence {
  const targets: SrvTarget[] = question.srvTargets.map((text) => {
    const colon = text.lastIndexOf(':')
    const host = (colon < 0 ? text : text.slice(0, colon)).toLowerCase().replace(/\.$/, '')
    return { host, port: colon < 0 ? 5061 : Number(text.slice(colon + 1)) || 5061, priority: 0, weight: 0 }
  })
  return (domain) => {
    if (domain === outside && targets.length > 0) return { status: 'found', targets }
    const host = `sip.${domain}`
    const assumption = `DNS leads from _sipfederationtls._tcp.${domain} to ${host}`
    if (!assumptions.includes(assumption)) assumptions.push(assumption)
    return { status: 'found', targets: [{ host, port: 5061, priority: 0, weight: 0 }] }
  }
}

function contentOf({ body, contentType }: Question): MessageContent | undefined {
  if (body === '') return undefined
  return { contentType: contentType === '' ? 'text/plain' : contentType, body: Buffer.from(body), textFormat: [] }
}

function srvHosts(question: Question): string[] {
  return question.srvTargets.map((target) => target.replace(/:\d+$/, '').toLowerCase())
}

function markOf(text: string): Mark | undefined {
  return text === 'verified' || text === 'unverified' ? text : undefined
}
