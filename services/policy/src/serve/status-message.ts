import { create } from '@bufbuild/protobuf'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { type PolicyAdminServiceStatusResponse, PolicyAdminServiceStatusResponseSchema } from '@gatehouse/proto'
import type { RevisionRow } from '../store/revision-store.ts'
import type { HeardReport } from './replica-watch.ts'

/** The revision in force, and who has it. */
export function statusMessage(
  { revision, atMs }: RevisionRow,
  objects: readonly PolicyObject[],
  reports: readonly HeardReport[],
  publicKey: Uint8Array,
): PolicyAdminServiceStatusResponse {
  return create(PolicyAdminServiceStatusResponseSchema, {
    revision: BigInt(revision),
    atUs: BigInt(atMs) * 1000n,
    replicas: reports.map((report) => ({
      replica: report.replica,
      service: report.service,
      revision: BigInt(report.revision),
      sinceUs: BigInt(report.sinceMs) * 1000n,
      silentUs: BigInt(Math.round(report.silentMs)) * 1000n,
    })),
    documentSummary: summaryOf(objects),
    publicKey,
  })
}

/** `3 Partner, 1 InternalDomain`, in canonical order. */
function summaryOf(objects: readonly PolicyObject[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts.size === 0 ? 'empty: nothing passes' : [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
}
