import type { DoctorCode, Side, StepName, StepReport, StepResult } from '@gatehouse/doctor'
import { type DiagnoseResponse, PeeringService } from '@gatehouse/proto'
import type { RpcConnection } from '@gatehouse/rpc'
import type { Diagnosis } from './diagnosis.ts'

export interface GateQuestion {
  readonly domain: string
  readonly from: string
  readonly echoUser: string
  readonly skipEcho: boolean
  readonly timeoutMs: number
  /** Whose place it is seen from; empty: that of whoever is asked. */
  readonly replica: string
}

/** More than the gate allows for a run, so that the gate says when it ends. */
const LONGEST_RUN_MS = 90_000

/** The doctor in the running gate: its place in the network, its certificate, its policy. */
export function diagnoseByGate(connection: RpcConnection, question: GateQuestion, signal: AbortSignal): Diagnosis {
  const answers = connection.client(PeeringService).diagnose(question, { deadlineMs: LONGEST_RUN_MS, signal })
  return { place: question.replica === '' ? 'the running gate' : `the running gate ${question.replica}`, steps: reportsOf(answers) }
}

async function* reportsOf(answers: AsyncIterable<DiagnoseResponse>): AsyncGenerator<StepReport> {
  for await (const answer of answers) {
    yield {
      name: answer.name as StepName,
      result: answer.result as StepResult,
      durationMs: answer.durationMs,
      code: answer.code as DoctorCode | '',
      summary: answer.summary,
      detail: answer.detail,
      fix: answer.fix,
      side: answer.side as Side | '',
      facts: answer.facts.map(({ name, value }) => [name, value] as const),
      also: answer.also.map(({ code, result, detail }) => ({
        code: code as DoctorCode,
        result: result as Exclude<StepResult, 'ok'>,
        detail,
      })),
    }
  }
}
