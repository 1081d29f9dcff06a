import type { StepReport } from '@gatehouse/doctor'

/** A run of the doctor, wherever it takes place. */
export interface Diagnosis {
  /** `gate <address>`, or how the doctor runs without one. */
  readonly place: string
  readonly steps: AsyncIterable<StepReport>
}
