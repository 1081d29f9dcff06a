import { Buffer } from 'node:buffer'
import { parseJid } from '../jid/jid.ts'

/** SASL failures that we send (RFC 6120 §6.5). */
export type SaslFailure =
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'not-authorized'
  | 'temporary-auth-failure'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * The domain that an initial response of SASL EXTERNAL asks to be (RFC 6120 §6.4.2, XEP-0178 §3); `from` of the stream where it names none.
 * A string in quotes is never given: `failure` says why there is no domain.
 */
export function readExternal(
  text: string,
  streamFrom: string | undefined,
): { readonly domain: string } | { readonly failure: SaslFailure } {
  // '=': an empty response; nothing at all: the initiator would want to be asked first (XEP-0178 §3 step 9), which we take for the same.
  if (text === '=' || text === '') return streamFrom === undefined ? { failure: 'invalid-authzid' } : { domain: streamFrom }
  if (text.length > 4096 || !BASE64.test(text)) return { failure: 'incorrect-encoding' }
  const jid = parseJid(Buffer.from(text, 'base64').toString('utf8'))
  if (jid === undefined || jid.local !== '' || jid.resource !== '') return { failure: 'invalid-authzid' }
  return { domain: jid.domain }
}
