import { ns } from '../xml/namespaces.ts'
import { type XmlElement, xml } from '../xml/xml-element.ts'

/** What the receiver of a stanza error may do about it (RFC 6120 §8.3.2). */
export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'

/** Defined conditions with the type that RFC 6120 §8.3.3 gives them. */
export const stanzaConditions = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'modify',
  'unexpected-request': 'wait',
} as const satisfies Record<string, StanzaErrorType>

export type StanzaCondition = keyof typeof stanzaConditions

export interface StanzaError {
  readonly condition: StanzaCondition
  readonly type: StanzaErrorType
  readonly text: string
}

/** What a stanza of type `error` says. An unknown or absent condition is `undefined-condition`. */
export function readStanzaError(stanza: XmlElement): StanzaError {
  const error = stanza.child('error')
  let condition: StanzaCondition = 'undefined-condition'
  for (const child of error?.elements() ?? []) {
    if (child.ns === ns.stanzaErrors && Object.hasOwn(stanzaConditions, child.name)) condition = child.name as StanzaCondition
  }
  const given = error?.attr('type') ?? ''
  const isType = given === 'auth' || given === 'cancel' || given === 'continue' || given === 'modify' || given === 'wait'
  return {
    condition,
    type: isType ? given : stanzaConditions[condition],
    text: (error?.child('text', ns.stanzaErrors)?.text() ?? '').slice(0, 1024),
  }
}

export function errorElement(condition: StanzaCondition, text = ''): XmlElement {
  return xml(
    'error',
    ns.client,
    { type: stanzaConditions[condition] },
    xml(condition, ns.stanzaErrors),
    text === '' ? undefined : xml('text', ns.stanzaErrors, { 'xml:lang': 'en' }, text),
  )
}

/**
 * The answer to a stanza that cannot be handled; undefined where none may be given: to an error, or to the result of a query (RFC 6120
 * §8.3.1), for that would go round for ever.
 */
export function stanzaErrorFor(stanza: XmlElement, condition: StanzaCondition, text = ''): XmlElement | undefined {
  const type = stanza.attr('type')
  if (type === 'error' || (stanza.name === 'iq' && type !== 'get' && type !== 'set')) return undefined
  const addresses = { from: stanza.attr('to'), to: stanza.attr('from'), id: stanza.attr('id') }
  return xml(stanza.name, ns.client, { ...addresses, type: 'error' }, errorElement(condition, text))
}
