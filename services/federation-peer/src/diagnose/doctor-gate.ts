import { randomBytes } from 'node:crypto'
import type { DoctorGate, DoctorPlan, EchoWatch } from '@gatehouse/doctor'
import type { PeerDestination } from '@gatehouse/im-model'
import type { PeerValidator } from '@gatehouse/peer-identity'
import type { EdgeIdentity } from '../edge/edge-identity.ts'
import { judgeLink } from '../edge/link-judge.ts'
import type { AliasClient, DnsClient } from '../resolve/dns-client.ts'
import type { LinkTargets } from '../route/link-targets.ts'
import { DoctorDns } from './doctor-dns.ts'
import { type DoctorPolicyDeps, planOf, policyOf } from './doctor-policy.ts'

export interface DoctorGateParts {
  readonly ownName: string
  readonly nowMs: () => number
  readonly dns: DnsClient & AliasClient
  readonly validator: PeerValidator
  readonly identity: () => EdgeIdentity
  readonly targets: LinkTargets
  /** Trust stores that count on the external edge. */
  readonly stores: readonly string[]
  /** Undefined: beside the gate, without a policy. */
  readonly policy: Omit<DoctorPolicyDeps, 'nowMs'> | undefined
  readonly echo: EchoWatch | undefined
}

const TOKEN_BYTES = 12

/** The gate as the doctor sees it: its resolver, its validation, its judgement of links, its policy. */
export function createDoctorGate(parts: DoctorGateParts): DoctorGate {
  const { nowMs, validator, policy } = parts
  const dns = new DoctorDns(parts.dns, nowMs)
  return {
    ownName: parts.ownName,
    nowMs,
    newToken: () => randomBytes(TOKEN_BYTES).toString('hex'),
    plan: (domain) => planOf(policy?.snapshot(), domain, parts.stores, nowMs()),
    srv: (domain) => dns.srv(domain),
    addresses: (host) => dns.addresses(host),
    context: () => parts.identity().context,
    validate: (chain, atMs) => (atMs === undefined ? validator.validate(chain) : validator.judgeAt(chain, atMs)),
    judge: (peer, plan, host) => judgeLink(peer, parts.targets.of(destinationOf(plan)), host),
    crls: () => validator.crlStates(),
    ...(policy === undefined ? {} : { policy: policyOf({ ...policy, nowMs }) }),
    echo: parts.echo,
  }
}

function destinationOf({ domain, edge, source, trust, pins }: DoctorPlan): PeerDestination {
  return {
    to: 'peer',
    peerClass: edge === undefined ? 'allowed' : 'direct',
    partner: source,
    domain,
    edgeHost: edge?.host,
    edgePort: edge?.port ?? 5061,
    links: 1,
    trust,
    pins,
    dialect: 'standard',
  }
}
