import type { Via } from '../header/via.ts'
import type { SipUri } from '../uri/sip-uri.ts'

/** How a proxy knows itself in messages. An element with several edges is one proxy: all of their names are its own. */
export interface ProxyIdentity {
  /** Whether host and port are one of our edges or pool names (RFC 3261 §16.4). */
  isOwnUri(uri: SipUri): boolean
  /** Whether the sent-by is one that we put into our Via headers (RFC 3261 §16.3 step 4, §18.1.2). */
  isOwnVia(via: Via): boolean
}
