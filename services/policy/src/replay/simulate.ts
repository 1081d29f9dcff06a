import type { MessageInitShape } from '@bufbuild/protobuf'
import type { SimulateRequest, SimulateResponseSchema, SimulationReportSchema } from '@gatehouse/proto'
import { type GroupCount, type SimulatedChange, Simulation } from '@gatehouse/receipt'
import type { RpcContext } from '@gatehouse/rpc'
import { policyError } from '../errors.ts'
import type { ArchivePage } from './archive-source.ts'
import { compileInSlices } from './compile-in-slices.ts'
import type { ReplayDeps } from './explain-archived.ts'
import { PageJudge } from './page-judge.ts'

const DEFAULT_EXAMPLES = 20
const MAX_EXAMPLES = 10_000
const MAX_GROUPS_TOLD = 1_000
/** Progress is told after so many messages. */
const PROGRESS_EVERY = 20_000

type Answer = MessageInitShape<typeof SimulateResponseSchema>

interface Progress {
  readonly judged: bigint
  readonly reachedSequence: bigint
  readonly firstSequence: bigint
  readonly lastSequence: bigint
}

/**
 * Archived traffic against a changed policy, page by page and in slices, so that whatever else this process does gets its turn. Nothing is put in
 * force. The archive notes who asked. Rejects with GH-REVISION-NO-ARCHIVE, -FILES.
 */
export async function* simulate({ book, archive }: ReplayDeps, request: SimulateRequest, context: RpcContext): AsyncGenerator<Answer> {
  const source = archive()
  if (source === undefined) throw policyError('GH-REVISION-NO-ARCHIVE')
  if (request.files.length === 0) throw policyError('GH-REVISION-FILES')
  const proposal = await book.propose(request.files, request.prune)
  if (!proposal.isValid) return yield { problems: [...proposal.problems] }
  const before = book.snapshot()
  const after = await compileInSlices({ ...before.document, revision: before.revision + 1, objects: proposal.objects })
  const maxExamples = Math.min(MAX_EXAMPLES, request.maxExamples === 0 ? DEFAULT_EXAMPLES : request.maxExamples)
  const simulation = new Simulation(before, after, { withRates: request.withRates, maxExamples })
  const judge = new PageJudge(simulation, request.partner)
  let toldAt = 0
  let last: ArchivePage = {}
  for await (const page of source.scan({ sinceUs: request.sinceUs, untilUs: request.untilUs }, 'simulate', context)) {
    last = page
    await judge.judge(page.records ?? [])
    if (simulation.judged - toldAt < PROGRESS_EVERY) continue
    toldAt = simulation.judged
    yield progressOf(simulation, last)
  }
  const report = reportOf(simulation, before.revision, request.withRates, proposal.changeCount, judge.spentMs)
  yield { ...progressOf(simulation, last), problems: [...proposal.problems], report }
}

function progressOf(simulation: Simulation, page: ArchivePage): Progress {
  const { reachedSequence = 0n, firstSequence = 0n, lastSequence = 0n } = page
  return { judged: BigInt(simulation.judged), reachedSequence, firstSequence, lastSequence }
}

function reportOf(
  simulation: Simulation,
  revision: number,
  withRates: boolean,
  objectsChanged: number,
  engineMs: number,
): MessageInitShape<typeof SimulationReportSchema> {
  return {
    revision: BigInt(revision),
    judged: BigInt(simulation.judged),
    newlyBlocked: BigInt(simulation.newlyBlocked),
    newlyAllowed: BigInt(simulation.newlyAllowed),
    markChanged: BigInt(simulation.markChanged),
    codeChanged: BigInt(simulation.codeChanged),
    differsFromRecord: BigInt(simulation.differsFromRecord),
    withRates,
    partners: groupsOf(simulation.partners),
    users: groupsOf(simulation.users),
    examples: simulation.examples.map(exampleOf),
    unreplayable: [...simulation.unreplayable].map(([code, { reason, messages, exampleId }]) => ({
      code,
      reason,
      messages: BigInt(messages),
      exampleId,
    })),
    objectsChanged,
    engineUs: BigInt(Math.round(engineMs * 1000)),
  }
}

/** Most affected first. */
function groupsOf(groups: ReadonlyMap<string, GroupCount>) {
  const sorted = [...groups].sort(([, left], [, right]) => total(right) - total(left))
  return sorted.slice(0, MAX_GROUPS_TOLD).map(([key, { newlyBlocked, newlyAllowed }]) => ({
    key,
    newlyBlocked: BigInt(newlyBlocked),
    newlyAllowed: BigInt(newlyAllowed),
  }))
}

function total({ newlyBlocked, newlyAllowed }: GroupCount): number {
  return newlyBlocked + newlyAllowed
}

function exampleOf({ message, before, after }: SimulatedChange) {
  return {
    envelopeId: message.id,
    atUs: BigInt(Math.round(message.nowMs * 1000)),
    fromAddress: `${message.fromUser}@${message.fromDomain}`,
    toAddress: `${message.toUser}@${message.toDomain}`,
    method: message.method,
    direction: message.recorded.direction,
    partner: message.recorded.partner,
    beforeVerdict: before.verdict,
    beforeCode: before.code,
    afterVerdict: after.verdict,
    afterCode: after.code,
    afterReason: after.reason,
    afterSource: after.proof.find((step) => step.rule === after.rule)?.source ?? '',
  }
}
