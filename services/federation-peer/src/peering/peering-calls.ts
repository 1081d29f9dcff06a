import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf'
import { errorsOf } from '@gatehouse/errors'
import {
  type DiagnoseRequest,
  DiagnoseRequestSchema,
  DiagnoseResponseSchema,
  type DisconnectRequest,
  DisconnectRequestSchema,
  type DisconnectResponse,
  DisconnectResponseSchema,
  type ListPeersRequest,
  ListPeersRequestSchema,
  type ListPeersResponse,
  ListPeersResponseSchema,
  type TracePeerRequest,
  TracePeerRequestSchema,
  TracePeerResponseSchema,
} from '@gatehouse/proto'
import { peerCodes } from '../errors.ts'
import { mergeStreams } from './merge-streams.ts'
import type { PeeringHandlers } from './peering-service.ts'
import type { AnswerSibling, SiblingAnswer, SiblingCaller, Siblings } from './siblings.ts'

export interface PeeringCallsDeps {
  readonly replica: string
  readonly local: PeeringHandlers
  readonly siblings: Siblings
}

type TraceAnswer = MessageInitShape<typeof TracePeerResponseSchema>
type DiagnoseAnswer = MessageInitShape<typeof DiagnoseResponseSchema>

const errors = errorsOf(peerCodes)
const LIST_MS = 3_000
const LONGEST_DIAGNOSIS_MS = 65_000
/** Beyond the time that was asked for: they began a moment later. */
const TRACE_SLACK_MS = 5_000

/** `PeeringService` of proto: this replica, and the others where a call asks for them. */
export class PeeringCalls {
  readonly #deps: PeeringCallsDeps

  constructor(deps: PeeringCallsDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    await this.#deps.siblings.start(localCalls(this.#deps.local))
  }

  async listPeers(request: ListPeersRequest, caller: SiblingCaller): Promise<ListPeersResponse> {
    const { peers } = await this.#deps.local.listPeers()
    if (!request.everyReplica) return create(ListPeersResponseSchema, { peers })
    for await (const { answer } of this.#ask('list', ListPeersRequestSchema, create(ListPeersRequestSchema), LIST_MS, caller)) {
      if (answer !== undefined) peers.push(...fromBinary(ListPeersResponseSchema, answer).peers)
    }
    return create(ListPeersResponseSchema, {
      peers: peers.sort((a, b) => `${a.side} ${a.partner} ${a.replica}`.localeCompare(`${b.side} ${b.partner} ${b.replica}`)),
    })
  }

  async disconnect(request: DisconnectRequest, caller: SiblingCaller): Promise<DisconnectResponse> {
    let { closed } = await this.#deps.local.disconnect(request)
    if (!request.everyReplica) return create(DisconnectResponseSchema, { closed })
    const passedOn = create(DisconnectRequestSchema, { partner: request.partner })
    for await (const { answer } of this.#ask('disconnect', DisconnectRequestSchema, passedOn, LIST_MS, caller)) {
      if (answer !== undefined) closed += fromBinary(DisconnectResponseSchema, answer).closed
    }
    return create(DisconnectResponseSchema, { closed })
  }

  async *diagnose(request: DiagnoseRequest, caller: SiblingCaller): AsyncGenerator<DiagnoseAnswer> {
    const { replica: to } = request
    if (to === '' || to === this.#deps.replica) {
      yield* this.#deps.local.diagnose(request, caller)
      return
    }
    let isThere = false
    for await (const { answer, refusal } of this.#ask('diagnose', DiagnoseRequestSchema, request, LONGEST_DIAGNOSIS_MS, caller, to)) {
      isThere = true
      if (answer === undefined) throw errors('GH-PEER-REPLICA', `${to} says ${refusal}`)
      yield fromBinary(DiagnoseResponseSchema, answer)
    }
    if (!isThere && !caller.signal.aborted) throw errors('GH-PEER-REPLICA', `'${to.slice(0, 64)}' does not answer.`)
  }

  async *tracePeer(request: TracePeerRequest, { caller, signal }: SiblingCaller): AsyncGenerator<TraceAnswer> {
    if (!request.everyReplica) {
      yield* this.#deps.local.tracePeer(request, { caller, signal })
      return
    }
    const over = new AbortController()
    const within = { caller, signal: AbortSignal.any([signal, over.signal]) }
    try {
      let left = request.maxMessages
      const elsewhere = this.#traceElsewhere(request, within)
      for await (const answer of mergeStreams<TraceAnswer>([this.#deps.local.tracePeer(request, within), elsewhere])) {
        yield answer
        if (answer.message !== undefined && --left <= 0) return
      }
    } finally {
      over.abort()
    }
  }

  async *#traceElsewhere(request: TracePeerRequest, caller: SiblingCaller): AsyncGenerator<TraceAnswer> {
    const limitMs = request.seconds * 1_000 + TRACE_SLACK_MS
    for await (const { replica, answer, refusal, missed } of this.#ask('trace', TracePeerRequestSchema, request, limitMs, caller)) {
      if (answer === undefined) yield { replica, refusal }
      else {
        const shown = fromBinary(TracePeerResponseSchema, answer)
        shown.missed += BigInt(missed)
        yield shown
      }
    }
  }

  #ask<T extends DescMessage>(
    what: CallName,
    schema: T,
    request: MessageShape<T>,
    limitMs: number,
    caller: SiblingCaller,
    to = '',
  ): AsyncIterable<SiblingAnswer> {
    return this.#deps.siblings.ask({ what, request: toBinary(schema, request), to, limitMs }, caller)
  }
}

type CallName = 'list' | 'disconnect' | 'diagnose' | 'trace'

/** What this replica answers when another one passes a call on: its own, and nothing that it would have to ask for in turn. */
function localCalls(local: PeeringHandlers): ReadonlyMap<CallName, AnswerSibling> {
  return new Map<CallName, AnswerSibling>([
    [
      'list',
      async function* () {
        yield toBinary(ListPeersResponseSchema, await local.listPeers())
      },
    ],
    [
      'disconnect',
      async function* (request) {
        yield toBinary(DisconnectResponseSchema, await local.disconnect(fromBinary(DisconnectRequestSchema, request)))
      },
    ],
    [
      'diagnose',
      async function* (request, caller) {
        for await (const answer of local.diagnose(fromBinary(DiagnoseRequestSchema, request), caller)) {
          yield toBinary(DiagnoseResponseSchema, create(DiagnoseResponseSchema, answer))
        }
      },
    ],
    [
      'trace',
      async function* (request, caller) {
        for await (const answer of local.tracePeer(fromBinary(TracePeerRequestSchema, request), caller)) {
          yield toBinary(TracePeerResponseSchema, create(TracePeerResponseSchema, answer))
        }
      },
    ],
  ])
}
