import type { MessageInitShape } from '@bufbuild/protobuf'
import { type DoctorGate, runDoctor, type StepReport } from '@gatehouse/doctor'
import { errorsOf } from '@gatehouse/errors'
import { normaliseDomain, parseAddress } from '@gatehouse/im-model'
import { isInternalDomain, type Snapshot } from '@gatehouse/policy-engine'
import type { DiagnoseRequest, DiagnoseResponseSchema } from '@gatehouse/proto'
import { peerCodes } from '../errors.ts'

const errors = errorsOf(peerCodes)

/** Of different domains at once: an operator has one, monitoring a few. */
const MAX_RUNS = 4
const DEFAULT_STEP_MS = 5_000
const LONGEST_STEP_MS = 20_000
const LONGEST_RUN_MS = 60_000
const DEFAULT_USER = 'doctor'
const DEFAULT_ECHO_USER = 'echo'
/** What may stand in a SIP URI as it is (RFC 3261 §25.1, unreserved and user-unreserved). */
const USER = /^[A-Za-z0-9\-_.!~*'()&=+$,;?/]{1,64}$/

export interface DiagnosesDeps {
  readonly gate: DoctorGate
  readonly snapshot: () => Snapshot | undefined
  readonly replica: string
  readonly log: { info(facts: object, text: string): void }
  /** Aborts after so long; never keeps the process alive. */
  readonly timeoutSignal: (delayMs: number) => AbortSignal
}

type Answer = MessageInitShape<typeof DiagnoseResponseSchema>

/**
 * The doctor behind gRPC. It is no scanner: it goes where policy or the SRV record of a domain leads, on those ports, one run per domain
 * at a time, and for a minute at most.
 */
export class Diagnoses {
  readonly #deps: DiagnosesDeps
  readonly #running = new Set<string>()

  constructor(deps: DiagnosesDeps) {
    this.#deps = deps
  }

  /** Throws GH-PEER-DIAGNOSIS-… before anything is asked of anybody. */
  async *run(request: DiagnoseRequest, caller: { readonly caller: string; readonly signal: AbortSignal }): AsyncGenerator<Answer> {
    const { gate, replica, log, timeoutSignal } = this.#deps
    const { domain, from, echoTo } = this.#plan(request)
    if (this.#running.has(domain)) throw errors('GH-PEER-DIAGNOSIS-BUSY', domain)
    if (this.#running.size >= MAX_RUNS) throw errors('GH-PEER-DIAGNOSIS-BUSY', `${this.#running.size} runs.`)
    this.#running.add(domain)
    log.info({ caller: caller.caller, domain, from }, 'doctor begins')
    const timeoutMs = Math.min(request.timeoutMs === 0 ? DEFAULT_STEP_MS : request.timeoutMs, LONGEST_STEP_MS)
    const signal = AbortSignal.any([caller.signal, timeoutSignal(LONGEST_RUN_MS)])
    try {
      for await (const report of runDoctor(gate, { domain, from, echoTo, timeoutMs, signal })) yield { ...answerOf(report), replica, from }
    } finally {
      this.#running.delete(domain)
    }
  }

  #plan(request: DiagnoseRequest): { readonly domain: string; readonly from: string; readonly echoTo: string } {
    const snapshot = this.#deps.snapshot()
    const domain = normaliseDomain(request.domain)
    if (domain === undefined) throw errors('GH-PEER-DIAGNOSIS-TARGET', `'${request.domain.slice(0, 64)}' is no domain.`)
    if (snapshot !== undefined && isInternalDomain(snapshot, domain)) throw errors('GH-PEER-DIAGNOSIS-TARGET', `${domain} is ours.`)
    const echoTo = request.skipEcho ? '' : `${request.echoUser === '' ? DEFAULT_ECHO_USER : request.echoUser}@${domain}`
    if (echoTo !== '' && !isAddress(echoTo)) throw errors('GH-PEER-DIAGNOSIS-TARGET', `'${echoTo.slice(0, 64)}'`)
    return { domain, from: senderOf(request.from, snapshot), echoTo }
  }
}

function senderOf(asked: string, snapshot: Snapshot | undefined): string {
  if (asked === '') return `${DEFAULT_USER}@${snapshot?.internal.keys().next().value ?? 'doctor.invalid'}`
  const address = parseAddress(asked)
  const isOurs = address !== undefined && isAddress(asked) && (snapshot === undefined || isInternalDomain(snapshot, address.domain))
  if (!isOurs) throw errors('GH-PEER-DIAGNOSIS-TARGET', `'${asked.slice(0, 64)}' is no address of ours.`)
  return asked
}

function isAddress(text: string): boolean {
  return USER.test(text.slice(0, text.lastIndexOf('@'))) && parseAddress(text) !== undefined
}

function answerOf(report: StepReport): Answer & object {
  const { facts, also, ...plain } = report
  return {
    ...plain,
    facts: facts.map(([name, value]) => ({ name, value })),
    also: also.map(({ code, result, detail }) => ({ code, result, detail })),
  }
}
