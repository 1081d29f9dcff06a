import { create } from '@bufbuild/protobuf'
import type { Decision } from '@gatehouse/im-model'
import { DecisionState, explain, type Snapshot, type UserFacts } from '@gatehouse/policy-engine'
import {
  type CheckRequest,
  type CheckResponse,
  CheckResponseSchema,
  type ExplainRequest,
  type ExplainResponse,
  ExplainResponseSchema,
  type PolicyDecisionService,
  type Question,
} from '@gatehouse/proto'
import type { RpcHandlers } from '@gatehouse/rpc'
import type { PolicyBook } from '../apply/policy-book.ts'
import { policyError } from '../errors.ts'
import { decidingObject, sourceOf } from '../explain/deciding-object.ts'
import { type Hypothesis, makeHypothesis } from '../explain/hypothetical-message.ts'
import { decisionMessage } from './decision-message.ts'

export interface DecisionHandlersDeps {
  readonly book: Pick<PolicyBook, 'snapshot' | 'originOf'>
  readonly nowMs: () => number
  /** Facts about an internal user, by address key. */
  readonly facts: (userKey: string) => Promise<UserFacts>
}

export interface DecisionHandlers extends HypotheticalHandlers, RpcHandlers<typeof PolicyDecisionService> {
  check(request: CheckRequest): Promise<CheckResponse>
  explain(request: ExplainRequest): Promise<ExplainResponse>
}

/** Questions about a message that need not exist. */
export interface HypotheticalHandlers extends Pick<RpcHandlers<typeof PolicyDecisionService>, 'check' | 'explain'> {
  check(request: CheckRequest): Promise<CheckResponse>
  explain(request: ExplainRequest): Promise<ExplainResponse>
}

interface Answer {
  readonly decision: Decision
  readonly hypothesis: Hypothesis
  readonly snapshot: Snapshot
}

/** Check and Explain of policy.proto: the edge's own engine, asked about a message that need not exist. No counter moves. */
export function createDecisionHandlers(deps: DecisionHandlersDeps): HypotheticalHandlers {
  const answer = async (question: Question | undefined): Promise<Answer> => {
    if (question === undefined) throw policyError('GH-REVISION-QUESTION', 'There is none.')
    const snapshot = deps.book.snapshot()
    const hypothesis = makeHypothesis(question, snapshot, deps.nowMs())
    const known = new Map<string, UserFacts>()
    const decide = () => explain(snapshot, { ...hypothesis.input, facts: (user) => known.get(user) }, new DecisionState())
    let decision = decide()
    // each user once: whom the message concerns
    for (; 'need' in decision && decision.need === 'facts'; decision = decide()) known.set(decision.user, await deps.facts(decision.user))
    if ('need' in decision) throw policyError('GH-REVISION-QUESTION', `It cannot be answered without ${decision.need} evidence.`)
    return { decision, hypothesis, snapshot }
  }
  return {
    check: async ({ question }) => {
      const message = decisionMessage((await answer(question)).decision)
      message.proof = []
      return create(CheckResponseSchema, { decision: message })
    },
    explain: async ({ question }) => {
      const { decision, hypothesis, snapshot } = await answer(question)
      const inForce = { objects: snapshot.document.objects, revision: snapshot.revision }
      const deciding = await decidingObject(deps.book, inForce, sourceOf(decision))
      return create(ExplainResponseSchema, { decision: decisionMessage(decision), assumptions: [...hypothesis.assumptions], deciding })
    },
  }
}
