import type { SipRequest } from './sip-request.ts'
import type { SipResponse } from './sip-response.ts'

/** `isRequest` tells them apart. */
export type SipMessage = SipRequest | SipResponse
