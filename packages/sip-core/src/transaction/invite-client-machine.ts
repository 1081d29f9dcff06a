import { acknowledgeAndPassUp, failByLoss, failByTimeout, passUp, sendCancel, sendCancelAndPassUp } from './client-actions.ts'
import type { ClientTransaction } from './client-transaction.ts'
import { arc, doNothing, end, type StateMachine } from './state-machine.ts'

export type InviteClientInput = 'trying' | 'provisional' | 'success' | 'refusal' | 'cancel' | 'expired' | 'lost'

/**
 * RFC 3261 §17.1.1 with RFC 6026 §7.2 over reliable transport. `trying` is a 100, `provisional` 101–199, `refusal` 300–699.
 * The Completed state lasts no time here (timer D is 0, §17.1.1.2), so a refusal ends the transaction at once.
 */
export const inviteClientMachine: StateMachine<ClientTransaction, InviteClientInput> = {
  name: 'invite-client',
  initialTimer: 'inviteTimeoutMs', // RFC 3261 §17.1.1.2: timer B
  arcs: {
    calling: {
      trying: arc('proceeding', 'ringingMs', passUp), // RFC 3261 §17.1.1.2; timer C: §16.6 step 11
      provisional: arc('proceeding', 'ringingMs', passUp), // RFC 3261 §17.1.1.2
      success: arc('accepted', 'acceptedClientMs', passUp), // RFC 6026 §7.2: timer M
      refusal: end(acknowledgeAndPassUp), // RFC 3261 §17.1.1.2, §17.1.1.3
      cancel: arc('cancel-wanted', 'keep', doNothing), // RFC 3261 §9.1: no CANCEL before a provisional response
      expired: end(failByTimeout), // RFC 3261 §17.1.1.2: timer B
      lost: end(failByLoss), // RFC 3261 §17.1.4, §16.9
    },
    'cancel-wanted': {
      trying: arc('cancelling', 'cancelledMs', sendCancelAndPassUp), // RFC 3261 §9.1
      provisional: arc('cancelling', 'cancelledMs', sendCancelAndPassUp), // RFC 3261 §9.1
      success: arc('accepted', 'acceptedClientMs', passUp), // RFC 3261 §9.1: answered before it could be cancelled
      refusal: end(acknowledgeAndPassUp), // RFC 3261 §17.1.1.2
      expired: end(failByTimeout), // RFC 3261 §17.1.1.2: timer B
      lost: end(failByLoss), // RFC 3261 §17.1.4
    },
    proceeding: {
      trying: arc('proceeding', 'keep', passUp), // RFC 3261 §16.7 step 2: 100 does not reset timer C
      provisional: arc('proceeding', 'ringingMs', passUp), // RFC 3261 §16.7 step 2: 101–199 reset timer C
      success: arc('accepted', 'acceptedClientMs', passUp), // RFC 6026 §7.2
      refusal: end(acknowledgeAndPassUp), // RFC 3261 §17.1.1.2
      cancel: arc('cancelling', 'cancelledMs', sendCancel), // RFC 3261 §9.1
      expired: arc('cancelling', 'cancelledMs', sendCancel), // RFC 3261 §16.8: timer C after a provisional response: CANCEL
      lost: end(failByLoss), // RFC 3261 §17.1.4
    },
    cancelling: {
      trying: arc('cancelling', 'keep', passUp), // RFC 3261 §17.1.1.2
      provisional: arc('cancelling', 'keep', passUp), // RFC 3261 §17.1.1.2
      success: arc('accepted', 'acceptedClientMs', passUp), // RFC 3261 §9.1: the 2xx crossed the CANCEL
      refusal: end(acknowledgeAndPassUp), // RFC 3261 §9.2: 487, or another refusal that crossed the CANCEL
      expired: end(failByTimeout), // RFC 3261 §9.1: no final response within 64*T1 of the CANCEL
      lost: end(failByLoss), // RFC 3261 §17.1.4
    },
    accepted: {
      success: arc('accepted', 'keep', passUp), // RFC 6026 §7.2: every further 2xx goes up, timer M runs on
      expired: end(doNothing), // RFC 6026 §7.2: timer M
      lost: end(doNothing), // RFC 6026 §7.2: the final response was passed up already
    },
    terminated: {},
  },
}
