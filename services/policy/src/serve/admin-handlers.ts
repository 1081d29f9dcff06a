import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type ApplyRequest,
  type ApplyResponse,
  ApplyResponseSchema,
  type DiffRequest,
  type DiffResponse,
  DiffResponseSchema,
  type ExportLargeRequest,
  type ExportLargeResponseSchema,
  type HistoryRequest,
  type HistoryResponse,
  HistoryResponseSchema,
  type PolicyAdminService,
  type PolicyAdminServiceExportRequest,
  type PolicyAdminServiceExportResponse,
  PolicyAdminServiceExportResponseSchema,
  type PolicyAdminServiceStatusRequest,
  type PolicyAdminServiceStatusResponse,
  type RollbackRequest,
  type RollbackResponse,
  RollbackResponseSchema,
} from '@gatehouse/proto'
import { LOCAL_CALLER, type RpcContext, type RpcHandlers } from '@gatehouse/rpc'
import type { Logger } from '@gatehouse/telemetry'
import type { AccessList } from '../access/access-list.ts'
import type { Role } from '../access/roles.ts'
import type { ApplyOutcome, OrderFile } from '../apply/orders.ts'
import type { PolicyBook } from '../apply/policy-book.ts'
import { policyError } from '../errors.ts'
import { receiveFiles } from './receive-files.ts'
import type { HeardReport } from './replica-watch.ts'
import { statusMessage } from './status-message.ts'

const DEFAULT_HISTORY = 50
const MAX_HISTORY = 10_000

export interface AdminHandlersDeps {
  readonly book: PolicyBook
  readonly access: AccessList
  readonly log: Logger
  /** Kinds that are changed in Kubernetes only. */
  readonly clusterKinds: readonly string[]
  /** Tells the replicas; resolves also when they cannot be told yet. */
  readonly publish: () => Promise<void>
  readonly replicas: () => Promise<readonly HeardReport[]>
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
}

export interface AdminHandlers extends RpcHandlers<typeof PolicyAdminService> {
  apply(request: ApplyRequest, context: RpcContext): Promise<ApplyResponse>
  export(request: PolicyAdminServiceExportRequest, context?: RpcContext): Promise<PolicyAdminServiceExportResponse>
  history(request: HistoryRequest, context?: RpcContext): Promise<HistoryResponse>
  status(request: PolicyAdminServiceStatusRequest, context?: RpcContext): Promise<PolicyAdminServiceStatusResponse>
  diff(request: DiffRequest, context?: RpcContext): Promise<DiffResponse>
  rollback(request: RollbackRequest, context: RpcContext): Promise<RollbackResponse>
  exportLarge(request: ExportLargeRequest, context?: RpcContext): AsyncGenerator<MessageInitShape<typeof ExportLargeResponseSchema>>
}

/** PolicyAdminService of policy.proto. Callers without a role get GH-ACCESS-UNKNOWN, those whose role is too small GH-ACCESS-ROLE. */
export function createAdminHandlers(deps: AdminHandlersDeps): AdminHandlers {
  const { book, access } = deps
  const requireReader = (context: RpcContext | undefined): Role => access.roleOf(context?.caller ?? LOCAL_CALLER)
  return {
    apply: (request, context) => apply(deps, request, context, request.files),
    rollback: (request, context) => rollback(deps, request, context),
    export: async ({ revision }, context) => {
      requireReader(context)
      const number = revisionAsked(book, revision)
      let text = ''
      for await (const piece of book.exportPieces(Number(number))) text += piece.text
      return create(PolicyAdminServiceExportResponseSchema, { revision: number, text })
    },
    exportLarge: async function* ({ revision }, context) {
      requireReader(context)
      const number = revisionAsked(book, revision)
      for await (const { text, done, total } of book.exportPieces(Number(number))) {
        yield { revision: number, text, objectsDone: done, objects: total }
      }
    },
    applyLarge: async (requests, context) => {
      const { order, files } = await receiveFiles<ApplyRequest>(requests, ({ dryRun }) => void writerOf(deps, dryRun, context))
      return { outcome: await apply(deps, order, context, files) }
    },
    diffLarge: async (requests, context) => {
      const { order, files } = await receiveFiles<DiffRequest>(requests, () => void requireReader(context))
      return { outcome: await diff(book, order, files) }
    },
    history: async ({ limit }, context) => {
      requireReader(context)
      const rows = await book.history(Math.min(MAX_HISTORY, limit === 0 ? DEFAULT_HISTORY : limit))
      const revisions = rows.map(({ revision, atMs, author, reason, changes }) => ({
        revision: BigInt(revision),
        atUs: BigInt(atMs) * 1000n,
        author,
        reason,
        changes,
      }))
      return create(HistoryResponseSchema, { revisions })
    },
    status: async (_, context) => {
      requireReader(context)
      return statusMessage(book.inForce(), book.document().objects, await deps.replicas(), deps.publicKey)
    },
    diff: async (request, context) => {
      requireReader(context)
      return await diff(book, request, request.files)
    },
  }
}

/** 0 is the one in force now, and stays it while another one comes. */
function revisionAsked(book: PolicyBook, revision: bigint): bigint {
  return revision === 0n ? BigInt(book.inForce().revision) : revision
}

function writerOf({ access }: AdminHandlersDeps, isDryRun: boolean, { caller }: RpcContext): Role {
  return isDryRun ? access.roleOf(caller) : access.requireWriter(caller)
}

async function apply(
  deps: AdminHandlersDeps,
  request: ApplyRequest,
  context: RpcContext,
  files: readonly OrderFile[],
): Promise<ApplyResponse> {
  const role = writerOf(deps, request.dryRun, context)
  const author = authorOf(request.author, context.caller)
  const outcome = await deps.book.apply({
    files: files.map(({ name, text }) => ({ name, text })),
    author,
    reason: request.reason,
    isDryRun: request.dryRun,
    clusterKinds: deps.clusterKinds,
    expectedRevision: Number(request.expectedRevision),
    prunes: request.prune,
    remove: request.remove,
    unblock: request.unblock,
    preset: request.preset,
    // looking is reading; who may only read may look at anything
    role: request.dryRun && role === 'auditor' ? 'admin' : role,
  })
  await tell(deps, outcome, author)
  return applyMessage(outcome)
}

async function rollback(deps: AdminHandlersDeps, request: RollbackRequest, context: RpcContext): Promise<RollbackResponse> {
  const role = writerOf(deps, request.dryRun, context)
  const author = authorOf(request.author, context.caller)
  const toRevision = Number(request.toRevision)
  if (toRevision === 0)
    throw policyError('GH-REVISION-UNKNOWN', 'Revision 0 is the empty policy; to go back there apply an empty file with prune.')
  const outcome = await deps.book.rollback({
    toRevision,
    author,
    reason: request.reason === '' ? `back to revision ${toRevision}` : request.reason,
    isDryRun: request.dryRun,
    clusterKinds: deps.clusterKinds,
    expectedRevision: Number(request.expectedRevision),
    role: request.dryRun && role === 'auditor' ? 'admin' : role,
  })
  await tell(deps, outcome, author)
  return create(RollbackResponseSchema, { outcome: applyMessage(outcome) })
}

async function tell({ log, publish }: AdminHandlersDeps, outcome: ApplyOutcome, author: string): Promise<void> {
  if (!outcome.isApplied) return
  log.info({ revision: outcome.revision, author, changes: outcome.changeCount }, 'policy changed')
  await publish()
}

async function diff(book: PolicyBook, request: DiffRequest, files: readonly OrderFile[]): Promise<DiffResponse> {
  const inForce = BigInt(book.inForce().revision)
  const { changes, changeCount, problems } = await book.diff({
    from: Number(request.fromRevision),
    to: Number(request.toRevision),
    files: files.map(({ name, text }) => ({ name, text })),
    prunes: request.prune,
  })
  return create(DiffResponseSchema, {
    fromRevision: request.fromRevision === 0n ? inForce : request.fromRevision,
    toRevision: files.length > 0 ? 0n : request.toRevision === 0n ? inForce : request.toRevision,
    changes: changes.map((change) => ({ ...change })),
    changeCount,
    problems: problems.map((problem) => ({ ...problem })),
  })
}

function applyMessage(outcome: ApplyOutcome): ApplyResponse {
  return create(ApplyResponseSchema, {
    applied: outcome.isApplied,
    revision: BigInt(outcome.revision),
    changes: outcome.changes.map((change) => ({ ...change })),
    changeCount: outcome.changeCount,
    problems: outcome.problems.map((problem) => ({ ...problem })),
  })
}

/** Who says to have made the change, and, where a certificate proves it, who it was. */
function authorOf(claimed: string, caller: string): string {
  const name = claimed.slice(0, 200)
  if (name === '' || name === caller) return caller
  return caller === LOCAL_CALLER ? name : `${name} (${caller})`
}
