import { create } from '@bufbuild/protobuf'
import { exportPolicy } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import {
  type ApplyRequest,
  type ApplyResponse,
  ApplyResponseSchema,
  type HistoryRequest,
  type HistoryResponse,
  HistoryResponseSchema,
  type PolicyAdminService,
  type PolicyAdminServiceExportRequest,
  type PolicyAdminServiceExportResponse,
  PolicyAdminServiceExportResponseSchema,
  type PolicyAdminServiceStatusRequest,
  type PolicyAdminServiceStatusResponse,
  PolicyAdminServiceStatusResponseSchema,
} from '@gatehouse/proto'
import type { RpcContext, RpcHandlers } from '@gatehouse/rpc'
import type { Logger } from '@gatehouse/telemetry'
import type { PolicyBook } from '../apply/policy-book.ts'
import type { ReplicaReport } from './replica-reports.ts'

const DEFAULT_HISTORY = 50
const MAX_HISTORY = 10_000

export interface AdminHandlersDeps {
  readonly book: PolicyBook
  readonly log: Logger
  /** Tells the replicas; resolves also when they cannot be told yet. */
  readonly publish: () => Promise<void>
  readonly replicas: () => Promise<readonly ReplicaReport[]>
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
}

export interface AdminHandlers extends RpcHandlers<typeof PolicyAdminService> {
  apply(request: ApplyRequest, context: RpcContext): Promise<ApplyResponse>
  export(request: PolicyAdminServiceExportRequest): Promise<PolicyAdminServiceExportResponse>
  history(request: HistoryRequest): Promise<HistoryResponse>
  status(request: PolicyAdminServiceStatusRequest): Promise<PolicyAdminServiceStatusResponse>
}

/** PolicyAdminService of policy.proto. */
export function createAdminHandlers(deps: AdminHandlersDeps): AdminHandlers {
  return {
    apply: (request, context) => apply(deps, request, context),
    export: async ({ revision }) => {
      const number = Number(revision)
      const text = exportPolicy(deps.book.objectsAt(number))
      return create(PolicyAdminServiceExportResponseSchema, {
        revision: revision === 0n ? BigInt(deps.book.inForce().revision) : revision,
        text,
      })
    },
    history: async ({ limit }) => {
      const rows = deps.book.history(Math.min(MAX_HISTORY, limit === 0 ? DEFAULT_HISTORY : limit))
      const revisions = rows.map((row) => ({
        revision: BigInt(row.revision),
        atUs: BigInt(row.atMs) * 1000n,
        author: row.author,
        reason: row.reason,
        changes: row.changes,
      }))
      return create(HistoryResponseSchema, { revisions })
    },
    status: () => status(deps),
  }
}

async function apply({ book, log, publish }: AdminHandlersDeps, request: ApplyRequest, context: RpcContext): Promise<ApplyResponse> {
  const author = authorOf(request.author, context.caller)
  const outcome = book.apply({
    files: request.files.map(({ name, text }) => ({ name, text })),
    author,
    reason: request.reason,
    isDryRun: request.dryRun,
    expectedRevision: Number(request.expectedRevision),
    prunes: request.prune,
  })
  if (outcome.isApplied) {
    log.info({ revision: outcome.revision, author, changes: outcome.changes.length }, 'policy changed')
    await publish()
  }
  return create(ApplyResponseSchema, {
    applied: outcome.isApplied,
    revision: BigInt(outcome.revision),
    changes: outcome.changes.map((change) => ({ ...change })),
    problems: outcome.problems.map((problem) => ({ ...problem })),
  })
}

/** Who says to have made the change, and, where a certificate proves it, who it was. */
function authorOf(claimed: string, caller: string): string {
  const name = claimed.slice(0, 200)
  if (name === '' || name === caller) return caller
  return caller === 'local' ? name : `${name} (${caller})`
}

async function status({ book, replicas, publicKey }: AdminHandlersDeps): Promise<PolicyAdminServiceStatusResponse> {
  const { revision, atMs } = book.inForce()
  const reports = await replicas()
  return create(PolicyAdminServiceStatusResponseSchema, {
    revision: BigInt(revision),
    atUs: BigInt(atMs) * 1000n,
    replicas: reports.map((report) => ({
      replica: report.replica,
      service: report.service,
      revision: BigInt(report.revision),
      sinceUs: BigInt(report.sinceMs) * 1000n,
    })),
    documentSummary: summaryOf(book.document().objects),
    publicKey,
  })
}

/** `3 Partner, 1 InternalDomain`, in canonical order. */
function summaryOf(objects: readonly PolicyObject[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts.size === 0 ? 'empty: nothing passes' : [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
}
