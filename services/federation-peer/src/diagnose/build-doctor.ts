import type { FederationPeerConfig } from '../config.ts'
import { EchoDesk, type EchoDeskDeps } from '../echo/echo-desk.ts'
import { EchoInbox } from '../echo/echo-watch.ts'
import type { CertificateKeeper } from '../edge/certificate-keeper.ts'
import { UserAgent, type UserAgentDeps } from '../endpoint/user-agent.ts'
import type { AliasClient, DnsClient } from '../resolve/dns-client.ts'
import type { LinkTargets } from '../route/link-targets.ts'
import { Diagnoses } from './diagnoses.ts'
import { createDoctorGate } from './doctor-gate.ts'

export interface DoctorParts
  extends Omit<EchoDeskDeps, 'settings' | 'inbox' | 'agent'>,
    Pick<UserAgentDeps, 'layer' | 'links' | 'branchPrefix' | 'sendAck'> {
  readonly dns: DnsClient & AliasClient
  readonly keeper: CertificateKeeper
  readonly targets: LinkTargets
  /** Trust stores that count on the external edge. */
  readonly stores: readonly string[]
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  readonly lookupFacts: NonNullable<EchoDeskDeps['lookupFacts']>
}

/** What the gate has for tests: the doctor, which examines partners, and the echo, for partners who examine us. */
export function buildDoctor(config: FederationPeerConfig, parts: DoctorParts): { readonly diagnoses: Diagnoses; readonly echo: EchoDesk } {
  const { nowMs, keeper, log } = parts
  const inbox = new EchoInbox(parts.setTimer)
  const snapshot = (): ReturnType<EchoDeskDeps['snapshot']> => parts.snapshot(nowMs())
  const gate = createDoctorGate({
    ownName: config.externalEdge.name,
    nowMs,
    dns: parts.dns,
    validator: keeper.validator,
    identity: () => keeper.identityFor('external'),
    targets: parts.targets,
    stores: parts.stores,
    policy: { snapshot, lookupFacts: parts.lookupFacts },
    echo: inbox,
  })
  const { enabled, user } = config.echo
  return {
    diagnoses: new Diagnoses({ gate, snapshot, replica: config.replica, log, timeoutSignal: (delayMs) => AbortSignal.timeout(delayMs) }),
    echo: new EchoDesk({ ...parts, agent: new UserAgent(parts), inbox, settings: { enabled, user: user.toLowerCase() } }),
  }
}
