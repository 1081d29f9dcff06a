import { passAckUp, repeatAnswer, sendAnswer, sendTimeout, sendTrying, tellLost } from './server-actions.ts'
import type { ServerTransaction } from './server-transaction.ts'
import { arc, doNothing, end, type StateMachine } from './state-machine.ts'

export type InviteServerInput = 'repeat' | 'ack' | 'provisional' | 'success' | 'refusal' | 'expired' | 'lost'

/**
 * RFC 3261 §17.2.1 with RFC 6026 §7.1 over reliable transport. `trying` here is Proceeding without any response yet, which
 * is the time in which 100 is owed. Confirmed lasts no time (timer I is 0), so the ACK for a refusal ends the transaction.
 */
export const inviteServerMachine: StateMachine<ServerTransaction, InviteServerInput> = {
  name: 'invite-server',
  initialTimer: 'autoTryingMs', // RFC 3261 §17.2.1: 100 within 200 ms
  arcs: {
    trying: {
      repeat: arc('trying', 'keep', doNothing), // RFC 3261 §17.2.1: nothing to repeat yet
      provisional: arc('proceeding', 'inviteLifeMs', sendAnswer), // RFC 3261 §17.2.1
      success: arc('accepted', 'acceptedServerMs', sendAnswer), // RFC 6026 §7.1: timer L
      refusal: arc('completed', 'awaitAckMs', sendAnswer), // RFC 3261 §17.2.1: timer H
      expired: arc('proceeding', 'inviteLifeMs', sendTrying), // RFC 3261 §17.2.1: 100 Trying
      lost: arc('abandoned', 'inviteLifeMs', tellLost), // RFC 3261 §17.2.4
    },
    proceeding: {
      repeat: arc('proceeding', 'keep', repeatAnswer), // RFC 3261 §17.2.1: last provisional response again
      provisional: arc('proceeding', 'inviteLifeMs', sendAnswer), // RFC 3261 §17.2.1
      success: arc('accepted', 'acceptedServerMs', sendAnswer), // RFC 6026 §7.1
      refusal: arc('completed', 'awaitAckMs', sendAnswer), // RFC 3261 §17.2.1
      expired: arc('completed', 'awaitAckMs', sendTimeout), // RFC 3261 §16.8: 408 when nothing else came
      lost: arc('abandoned', 'inviteLifeMs', tellLost), // RFC 3261 §17.2.4
    },
    accepted: {
      repeat: arc('accepted', 'keep', doNothing), // RFC 6026 §7.1: absorbed
      ack: arc('accepted', 'keep', passAckUp), // RFC 6026 §7.1: an ACK goes to the user
      success: arc('accepted', 'keep', sendAnswer), // RFC 6026 §7.1: further 2xx of a proxy pass
      expired: end(doNothing), // RFC 6026 §7.1: timer L
      lost: end(doNothing), // RFC 6026 §7.1: nothing can be sent any more
    },
    completed: {
      repeat: arc('completed', 'keep', repeatAnswer), // RFC 3261 §17.2.1: final response again
      ack: end(doNothing), // RFC 3261 §17.2.1: Confirmed, timer I is 0
      expired: end(doNothing), // RFC 3261 §17.2.1: timer H
      lost: end(doNothing), // RFC 3261 §17.2.4
    },
    abandoned: {
      provisional: arc('abandoned', 'inviteLifeMs', doNothing), // RFC 3261 §17.2.4: no way back
      success: end(doNothing), // RFC 3261 §17.2.4
      refusal: end(doNothing), // RFC 3261 §17.2.4
      expired: end(doNothing), // the bound of our own: nobody ever answered
    },
    terminated: {},
  },
}
