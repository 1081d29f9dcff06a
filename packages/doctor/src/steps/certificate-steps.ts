import type { PeerIdentity } from '@gatehouse/im-model'
import { type CertificateDescription, describeCertificate } from '@gatehouse/peer-identity'
import type { DoctorGate } from '../doctor-gate.ts'
import type { Examination } from '../examination.ts'
import {
  asIfTrusted,
  judgeChain,
  judgeNames,
  judgeRevocation,
  judgeUsage,
  judgeValidity,
  listsOf,
  nameMatchText,
  timeText,
  usageText,
} from '../judge/judge-certificate.ts'
import { type Fact, findingOf, type StepOutcome } from '../report.ts'
import { type Step, skipped } from './step.ts'

const NO_CERTIFICATE = 'no certificate was presented'
/** Inside the last second of a certificate's life. */
const A_SECOND_MS = 1_000
const DAY_MS = 86_400_000

/** The path to one of our trust stores, judged by the gate's own validation. */
export const chainStep: Step = {
  name: 'chain',
  run: async (examination, gate) => {
    const { dialed, plan } = examination
    if (dialed === undefined) return skipped(NO_CERTIFICATE)
    const leaf = readLeaf(dialed.chain)
    const peer = await gate.validate(dialed.chain)
    examination.peer = peer
    examination.leaf = leaf
    if (leaf === undefined) return { findings: [findingOf('GH-DOCTOR-CHAIN-BAD', refusalText(peer))], facts: [] }
    const path = await pathBesidesTime(peer, leaf, examination, gate)
    examination.path = path
    const link = path.isAuthenticated ? gate.judge(path, plan, hostOf(examination)) : undefined
    const facts: Fact[] = [
      ['subject', leaf.subject === '' ? '(none)' : leaf.subject],
      ['issuer', leaf.issuer],
      ['key', leaf.key],
      ['presented', `${dialed.chain.length} certificate${dialed.chain.length === 1 ? '' : 's'}`],
    ]
    if (path.anchors.length > 0) facts.push(['anchored by', path.anchors.join(', ')])
    return { findings: judgeChain(path, leaf, link), facts }
  },
}

/** What the path would be worth at a time when the leaf was valid. */
async function pathBesidesTime(
  peer: PeerIdentity,
  leaf: CertificateDescription,
  { dialed }: Examination,
  gate: DoctorGate,
): Promise<PeerIdentity> {
  const code = peer.refusal?.code
  if (dialed === undefined || (code !== 'GH-IDENTITY-EXPIRED' && code !== 'GH-IDENTITY-NOT-YET-VALID')) return peer
  return await gate.validate(dialed.chain, leaf.notAfterMs < gate.nowMs() ? leaf.notAfterMs - A_SECOND_MS : leaf.notBeforeMs + A_SECOND_MS)
}

export const namesStep: Step = {
  name: 'names',
  run: (examination, gate) =>
    withLeaf(examination, (leaf, peer) => {
      const { plan } = examination
      const named = asIfTrusted(peer, leaf, plan.trust)
      const wanted = { domain: plan.domain, host: hostOf(examination) }
      const all = [...named.names.dns, ...named.names.sipDomains.map((domain) => `sip:${domain}`)]
      return {
        findings: judgeNames(named, leaf, wanted, gate.judge(named, plan, wanted.host)),
        facts: [
          ['names', all.length === 0 ? `CN ${leaf.commonName ?? '(none)'}` : all.slice(0, 8).join(', ')],
          ['speaks for', nameMatchText(named, wanted)],
        ],
      }
    }),
}

export const usageStep: Step = {
  name: 'usage',
  run: (examination) =>
    withLeaf(examination, (leaf, peer) => ({ findings: judgeUsage(peer, leaf), facts: [['extended key usage', usageText(leaf)]] })),
}

export const validityStep: Step = {
  name: 'validity',
  run: (examination, gate) =>
    withLeaf(examination, (leaf) => ({
      findings: judgeValidity(descriptionsOf(examination), gate.nowMs()),
      facts: [
        ['valid', `${timeText(leaf.notBeforeMs)} to ${timeText(leaf.notAfterMs)}`],
        ['days left', String(Math.floor((leaf.notAfterMs - gate.nowMs()) / DAY_MS))],
      ],
    })),
}

export const revocationStep: Step = {
  name: 'revocation',
  run: (examination, gate) =>
    withLeaf(examination, (_, path) => {
      // a list of today says nothing about the past, but whom it has revoked
      const isOfToday = path.refusal?.code !== 'GH-IDENTITY-REVOCATION-UNKNOWN'
      const peer = isOfToday ? path : (examination.peer ?? path)
      const chain = descriptionsOf(examination)
      const lists = listsOf(chain, gate.crls())
      return {
        findings: judgeRevocation(peer, chain, lists, gate.nowMs()),
        facts:
          lists.length === 0
            ? [['list', 'we have none of this authority']]
            : lists.map(({ issuer, entries }) => [issuer, `${entries} revoked`]),
      }
    }),
}

async function withLeaf(
  { leaf, path }: Examination,
  judge: (leaf: CertificateDescription, path: PeerIdentity) => StepOutcome,
): Promise<StepOutcome> {
  return leaf === undefined || path === undefined ? skipped(NO_CERTIFICATE) : judge(leaf, path)
}

function readLeaf(chain: readonly Uint8Array[]): CertificateDescription | undefined {
  const [leaf] = chain
  const read = leaf === undefined ? undefined : describeCertificate(leaf)
  return read === undefined || 'code' in read ? undefined : read
}

function descriptionsOf({ dialed }: Examination): readonly CertificateDescription[] {
  return (dialed?.chain ?? []).flatMap((der) => {
    const read = describeCertificate(der)
    return 'code' in read ? [] : [read]
  })
}

function hostOf({ options, place }: Examination): string {
  return (options.at?.serverName ?? '') || (place?.host ?? '')
}

function refusalText({ refusal }: PeerIdentity): string {
  return refusal === undefined ? '' : `${refusal.code}: ${refusal.detail}`
}
