import type { PresenceEvent } from '@gatehouse/im-model'
import type { XmlElement } from '@gatehouse/xmpp-core'

const TYPES: ReadonlySet<string> = new Set(['unavailable', 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe'])
const SHOWS: ReadonlySet<string> = new Set(['away', 'chat', 'dnd', 'xa'])
const MAX_NOTE_CHARS = 1_024

/** RFC 6121 §4.7. Undefined: an error, or a type that does not exist. */
export function readPresence(stanza: XmlElement): PresenceEvent | undefined {
  const type = stanza.attr('type')
  if (type !== undefined && !TYPES.has(type)) return undefined
  const show = stanza.child('show')?.text().trim() ?? ''
  const note = stanza.child('status')?.text().slice(0, MAX_NOTE_CHARS) ?? ''
  return {
    kind: 'presence',
    type: (type ?? 'available') as PresenceEvent['type'],
    ...(SHOWS.has(show) && type === undefined ? { show: show as 'away' | 'chat' | 'dnd' | 'xa' } : {}),
    ...(note === '' ? {} : { note }),
  }
}
