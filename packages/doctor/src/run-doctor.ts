import type { DoctorGate } from './doctor-gate.ts'
import type { Examination, ExaminationOptions } from './examination.ts'
import { reportOf, type StepReport } from './report.ts'
import { addressStep } from './steps/address-step.ts'
import { chainStep, namesStep, revocationStep, usageStep, validityStep } from './steps/certificate-steps.ts'
import { policyStep } from './steps/policy-step.ts'
import { echoStep, optionsStep } from './steps/sip-steps.ts'
import { srvStep } from './steps/srv-step.ts'
import type { Step } from './steps/step.ts'
import { skipped } from './steps/step.ts'
import { tcpStep } from './steps/tcp-step.ts'
import { tlsStep } from './steps/tls-step.ts'

/** The order of the report; each step builds on what those before it have seen. */
const STEPS: readonly Step[] = [
  srvStep, //        where is their edge?
  addressStep, //    has it an address?
  tcpStep, //        does anything listen?
  tlsStep, //        does it speak TLS, and take our certificate?
  chainStep, //      do we trust who vouches for it?
  namesStep, //      is it the partner?
  usageStep, //      is the certificate made for this?
  validityStep, //   is it valid today?
  revocationStep, // was it taken back?
  policyStep, //     may they, by our policy?
  optionsStep, //    does SIP answer?
  echoStep, //       does a message arrive, and come back?
]

/** Examines one partner; gives each step's report as soon as it is done. Ends early only when `signal` is aborted. */
export async function* runDoctor(gate: DoctorGate, options: ExaminationOptions): AsyncGenerator<StepReport, void, undefined> {
  const examination: Examination = {
    options,
    plan: gate.plan(options.domain),
    srv: undefined,
    targets: [],
    places: [],
    place: undefined,
    dialed: undefined,
    leaf: undefined,
    peer: undefined,
    path: undefined,
    wire: undefined,
    onMessage: undefined,
  }
  try {
    for (const step of STEPS) {
      const startedMs = performance.now()
      const outcome = options.signal?.aborted === true ? skipped('stopped') : await step.run(examination, gate)
      yield reportOf(step.name, outcome, performance.now() - startedMs)
    }
  } finally {
    examination.wire?.close()
    examination.dialed?.socket.destroy()
  }
}
