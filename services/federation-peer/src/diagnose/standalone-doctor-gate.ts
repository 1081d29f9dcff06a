import type { DoctorGate } from '@gatehouse/doctor'
import { errorsOf } from '@gatehouse/errors'
import { crlsFrom, type NamedFile, PeerValidator, type RevocationMode, type TrustStore, trustStoreFrom } from '@gatehouse/peer-identity'
import type { FederationPeerConfig } from '../config.ts'
import type { LinkTarget } from '../edge/connection.ts'
import { edgeCodes } from '../edge/edge-codes.ts'
import { loadOwnCertificate } from '../edge/own-certificate.ts'
import { createDnsClient } from '../resolve/dns-client.ts'
import { LinkTargets } from '../route/link-targets.ts'
import { createDoctorGate } from './doctor-gate.ts'

const errors = errorsOf(edgeCodes)

export interface StandaloneDoctorParts {
  /** Stands in our Via. */
  readonly ownName: string
  readonly certificate: NamedFile
  readonly key: NamedFile
  /** Trust stores of the external edge. */
  readonly trust: readonly { readonly name: string; readonly files: readonly NamedFile[] }[]
  readonly crls: readonly NamedFile[]
  readonly revocation: RevocationMode
  readonly dns: FederationPeerConfig['dns']
  readonly nowMs: () => number
}

/** The gate for a doctor that runs beside it, or without any: the same code, no policy, no edge of its own. Throws a GH-EDGE-CERT code. */
export function createStandaloneDoctorGate(parts: StandaloneDoctorParts): DoctorGate {
  const { nowMs } = parts
  const own = loadOwnCertificate(parts.certificate, parts.key, nowMs())
  if (!own.ok) throw errors(own.code as keyof typeof edgeCodes, own.detail)
  const stores: TrustStore[] = []
  const problems: { readonly detail: string }[] = []
  for (const { name, files } of parts.trust) {
    const read = trustStoreFrom(name, files)
    stores.push(read.store)
    problems.push(...read.problems)
  }
  const lists = crlsFrom(parts.crls)
  problems.push(...lists.problems)
  if (problems[0] !== undefined) throw errors('GH-EDGE-CERT-UNREADABLE', problems[0].detail)
  const { identity } = own
  const names = stores.map(({ name }) => name)
  return createDoctorGate({
    ownName: parts.ownName,
    nowMs,
    dns: createDnsClient({ servers: parts.dns.servers, timeoutMs: parts.dns.timeoutMs, tries: parts.dns.tries }),
    validator: new PeerValidator({ stores, crls: lists.crls, revocation: parts.revocation, nowMs }),
    identity: () => identity,
    targets: new LinkTargets(NO_INSIDE, names),
    stores: names,
    policy: undefined,
    echo: undefined,
  })
}

/** A doctor beside the gate looks outside only. */
const NO_INSIDE: LinkTarget = {
  key: 'inside',
  side: 'internal',
  edgeHost: undefined,
  edgePort: 0,
  srvDomain: undefined,
  sameDomainRule: false,
  links: 1,
  expect: { names: [], trust: [], pins: [] },
}
