import type { Passage } from '../session/passage.ts'
import {
  type AdmitContext,
  type Check,
  type CheckResult,
  checkAddressee,
  checkBudget,
  checkDraining,
  checkMethod,
  checkPolicy,
  checkRoute,
  checkSender,
} from './checks.ts'

/** The order in which a request is looked at. A check feels everything above it and must not care what stands below. */
export const CHECKS: readonly Check[] = [
  checkMethod, //    cheapest first: methods that never pass need no address
  checkSender, //    who writes, in which dialog
  checkRoute, //     is it a dialog of ours? decides where the addressee is read
  checkAddressee, // to whom
  checkDraining, //  new business goes to another replica
  checkBudget, //    one sender cannot hold all transactions
  checkPolicy, //    who may talk to whom: last, because it counts against rates
]

/** Runs the checks from `passage.nextCheck` on; a check that needs evidence is run again when it is there. */
export function admit(passage: Passage, context: AdmitContext): CheckResult {
  while (passage.nextCheck < CHECKS.length) {
    const result = (CHECKS[passage.nextCheck] as Check)(passage, context)
    if (result !== undefined) return result
    passage.nextCheck++
  }
  return undefined
}
