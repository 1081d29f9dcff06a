import type { Evidence } from '@gatehouse/bridge-kit'
import type { EdgeSide } from '@gatehouse/im-model'
import type { DomainEvidence, XmlElement } from '@gatehouse/xmpp-core'
import type { XmppConfig } from './config.ts'
import { extension } from './convert/extension-namespaces.ts'

/**
 * How sure the network lets us be of a sender (architecture §6). A server that proved itself vouches for its people; what it says of an account
 * (XEP-0489) counts from such a server only. Dialback proves no more than what DNS says.
 */
export function evidenceOf(
  side: EdgeSide,
  by: DomainEvidence,
  stanza: XmlElement,
  hints: XmppConfig['accountHints'],
  isByDane = false,
): Evidence {
  // a home server is found where the configuration says, not where DNS does
  if (side === 'internal' && by !== 'secret') return { class: 'V3', by: 'home-server' }
  if (by === 'dialback') return { class: 'V0', by: 'dialback' }
  if (by === 'secret') return { class: 'V3', by: 'component' }
  const affiliation = hints === 'ignore' ? undefined : stanza.child('info', extension.affiliation)?.attr('affiliation')
  if (affiliation === 'anonymous') return { class: 'V1', by: 'anonymous-account' }
  if (affiliation === 'registered' || affiliation === 'member' || affiliation === 'admin')
    return { class: 'V3', by: `${affiliation}-account` }
  return { class: hints === 'require' ? 'V2' : 'V3', by: isByDane ? 'dane' : 'sasl-external' }
}
