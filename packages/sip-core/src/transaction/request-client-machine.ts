import { failByLoss, failByTimeout, passUp } from './client-actions.ts'
import type { ClientTransaction } from './client-transaction.ts'
import { arc, end, type StateMachine } from './state-machine.ts'

export type RequestClientInput = 'provisional' | 'final' | 'expired' | 'lost'

/**
 * RFC 3261 §17.1.2 over reliable transport: any request but INVITE. Completed lasts no time (timer K is 0, §17.1.2.2).
 * There is no arc for cancelling: only an INVITE is cancelled (§9.1).
 */
export const requestClientMachine: StateMachine<ClientTransaction, RequestClientInput> = {
  name: 'request-client',
  initialTimer: 'requestTimeoutMs', // RFC 3261 §17.1.2.2: timer F
  arcs: {
    calling: {
      provisional: arc('proceeding', 'keep', passUp), // RFC 3261 §17.1.2.2: F runs on
      final: end(passUp), // RFC 3261 §17.1.2.2
      expired: end(failByTimeout), // RFC 3261 §17.1.2.2: timer F
      lost: end(failByLoss), // RFC 3261 §17.1.4
    },
    proceeding: {
      provisional: arc('proceeding', 'keep', passUp), // RFC 3261 §17.1.2.2
      final: end(passUp), // RFC 3261 §17.1.2.2
      expired: end(failByTimeout), // RFC 3261 §17.1.2.2: timer F
      lost: end(failByLoss), // RFC 3261 §17.1.4
    },
    'cancel-wanted': {},
    cancelling: {},
    accepted: {},
    terminated: {},
  },
}
