import type { EvidenceClass, Mark } from '@gatehouse/im-model'
import { OUTSIDE, texts, type Written } from '@gatehouse/receipt/test'
import fc from 'fast-check'

/** One message, in words that a SIP peer, a connector of the bridge and a question to the policy service can all be asked with. */
export interface Case {
  readonly via: 'edge' | 'bridge'
  readonly from: string
  readonly to: string
  readonly method: 'MESSAGE' | 'INVITE'
  readonly side: 'external' | 'internal'
  readonly certificateNames: readonly string[]
  readonly mark: Mark | undefined
  /** Where DNS leads for the outside domain. */
  readonly srvHost: string
  readonly text: string
  /** What the network says of the account. */
  readonly evidence: EvidenceClass
}

const outside = fc.constantFrom(...OUTSIDE)
const outsider = fc.tuple(fc.constantFrom('alice', 'Bob', 'eve', 'carol'), outside).map(([user, domain]) => `${user}@${domain}`)
const insider = fc.constantFrom('alice', 'Bob', 'eve', 'nobody').map((user) => `${user}@contoso.example`)
const anybody = fc.oneof(outsider, insider)
const host = fc.oneof(
  outside.map((domain) => `sip.${domain}`),
  outside,
)

const wild: fc.Arbitrary<Case> = fc.record({
  via: fc.constantFrom('edge', 'edge', 'bridge'),
  from: anybody,
  to: anybody,
  method: fc.constantFrom('MESSAGE', 'MESSAGE', 'INVITE'),
  side: fc.constantFrom('external', 'external', 'internal'),
  certificateNames: fc.array(host, { minLength: 1, maxLength: 2 }),
  mark: fc.constantFrom('verified', 'unverified', undefined),
  srvHost: host,
  text: texts,
  evidence: fc.constantFrom('V0', 'V1', 'V2', 'V3'),
})

/** As an honest peer or one of our own servers would send it. */
const honest: fc.Arbitrary<Case> = fc.tuple(wild, outsider, insider).map(([one, there, here]) => {
  const isInbound = one.side === 'external'
  const host = `sip.${there.slice(there.indexOf('@') + 1)}`
  return { ...one, from: isInbound ? there : here, to: isInbound ? here : there, certificateNames: [host], srvHost: host }
})

export const cases: fc.Arbitrary<Case> = fc.oneof({ weight: 1, arbitrary: wild }, { weight: 5, arbitrary: honest })

/** Nothing that a question cannot say, and no counters: a question is asked once. */
export function comparable(objects: readonly Written[]): Written[] {
  const plenty = 100_000
  const limits = { discovered: { perSecond: plenty, addressees: plenty, suspiciousPerSecond: plenty } }
  return objects.map((object) => {
    if (object.kind === 'Limits') return { ...object, spec: limits }
    return object.kind === 'Partner' ? { ...object, spec: { ...object.spec, trust: [], pins: [] } } : object
  })
}
