import { repeatAnswer, sendAnswer, sendTrying, tellLost } from './server-actions.ts'
import type { ServerTransaction } from './server-transaction.ts'
import { arc, doNothing, end, type StateMachine } from './state-machine.ts'

/** `trying`: 100 · `progress`: 101–199 · `late`: 408 · `final`: every other final response. */
export type RequestServerInput = 'repeat' | 'trying' | 'progress' | 'final' | 'late' | 'expired' | 'lost'

/**
 * RFC 3261 §17.2.2 as corrected by RFC 4320, over reliable transport: any request but INVITE, ACK and CANCEL.
 * Completed lasts no time (timer J is 0). There are no arcs for `progress`: RFC 4320 §4.1 forbids provisional responses
 * other than 100, so they are dropped and counted.
 */
export const requestServerMachine: StateMachine<ServerTransaction, RequestServerInput> = {
  name: 'request-server',
  initialTimer: 'autoTryingRequestMs', // RFC 4320 §4.1
  arcs: {
    trying: {
      repeat: arc('trying', 'keep', doNothing), // RFC 3261 §17.2.2: discarded
      trying: arc('proceeding', 'requestRestMs', sendAnswer), // RFC 4320 §4.1: allowed at any time over reliable transport
      final: end(sendAnswer), // RFC 3261 §17.2.2, timer J is 0
      late: end(doNothing), // RFC 4320 §4.1: no 408, the sender has given up at the same time
      expired: arc('proceeding', 'requestRestMs', sendTrying), // RFC 4320 §4.1: 100 is owed by now
      lost: arc('abandoned', 'requestRestMs', tellLost), // RFC 3261 §17.2.4
    },
    proceeding: {
      repeat: arc('proceeding', 'keep', repeatAnswer), // RFC 3261 §17.2.2: last provisional response again
      trying: arc('proceeding', 'keep', doNothing), // RFC 4320 §4.1: one 100 is enough over reliable transport
      final: end(sendAnswer), // RFC 3261 §17.2.2
      late: end(doNothing), // RFC 4320 §4.1
      expired: end(doNothing), // RFC 4320 §4.1: too late for any answer
      lost: arc('abandoned', 'requestRestMs', tellLost), // RFC 3261 §17.2.4
    },
    abandoned: {
      final: end(doNothing), // RFC 3261 §17.2.4: no way back
      late: end(doNothing), // RFC 4320 §4.1
      expired: end(doNothing), // the bound of our own: nobody ever answered
    },
    accepted: {},
    completed: {},
    terminated: {},
  },
}
