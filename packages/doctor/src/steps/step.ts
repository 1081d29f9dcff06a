import type { DoctorGate } from '../doctor-gate.ts'
import type { Examination } from '../examination.ts'
import type { StepName, StepOutcome } from '../report.ts'

/** One step: looks, notes what it saw in the examination, and judges. Never rejects. */
export interface Step {
  readonly name: StepName
  readonly run: (examination: Examination, gate: DoctorGate) => Promise<StepOutcome>
}

export function skipped(why: string): StepOutcome {
  return { findings: [], facts: [], skipped: why }
}
