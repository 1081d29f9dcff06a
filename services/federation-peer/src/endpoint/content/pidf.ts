import type { PresenceEvent } from '@gatehouse/im-model'
import { escapeXml, findElement, findElements, readXml, type XmlElement } from './xml-reader.ts'

export const PIDF = 'application/pidf+xml'
/** What we ask for; LCS answers with the second when it does not know the first (lcs-edge §12.2). */
export const ACCEPTED_PRESENCE = `${PIDF}, text/xml+msrtc.pidf, application/xpidf+xml`
const MAX_NOTE = 1_024

type Show = PresenceEvent['show']
type PresenceState = PresenceEvent & { readonly type: 'available' | 'unavailable' }

/** RFC 4480 §3.2 activities, MSN's substatus words (lcs-edge §12.2) and the words of RFC 6121 §4.7.2.1 themselves. */
const SHOWS: ReadonlyMap<string, Show> = new Map([
  ...(['away', 'meal', 'vacation', 'idle', 'outtolunch', 'berightback', 'in-transit', 'sleeping'] as const).map(
    (word) => [word, 'away'] as const,
  ),
  ...(['dnd', 'busy', 'onthephone', 'on-the-phone', 'meeting', 'appointment', 'presentation'] as const).map(
    (word) => [word, 'dnd'] as const,
  ),
  ['xa', 'xa'],
  ['permanent-absence', 'xa'],
  ['chat', 'chat'],
])

/** Presence in PIDF (RFC 3863), with RFC 8048's `show` or RPID's activities (RFC 4480) in it, or in MSN's older form. Undefined: neither. */
export function readPresence(body: Uint8Array): PresenceState | undefined {
  const root = readXml(body)
  if (root?.name !== 'presence') return undefined
  const basics = findElements(root, 'basic').map((basic) => basic.text.trim().toLowerCase())
  const statuses = findElements(root, 'status').map((status) => status.attributes.get('status')?.toLowerCase())
  const isOpen = basics.includes('open') || statuses.some((status) => status === 'open' || status === 'online')
  const isClosed = basics.includes('closed') || statuses.some((status) => status === 'closed' || status === 'offline')
  // RFC 3863 §4.1: of several tuples one that is open makes the person reachable
  if (!isOpen) return isClosed ? { kind: 'presence', type: 'unavailable', ...noteOf(root) } : undefined
  const show = showOf(root)
  return { kind: 'presence', type: 'available', ...(show === undefined ? {} : { show }), ...noteOf(root) }
}

function showOf(root: XmlElement): Show {
  const words = [
    findElement(root, 'show')?.text.trim(),
    ...(findElement(root, 'activities')?.children ?? []).map((activity) => activity.name),
    findElement(root, 'msnsubstatus')?.attributes.get('substatus'),
  ]
  for (const word of words) {
    const show = word === undefined ? undefined : SHOWS.get(word.toLowerCase())
    if (show !== undefined) return show
  }
  return undefined
}

function noteOf(root: XmlElement): { note?: string } {
  const note = findElement(root, 'note')?.text.trim().slice(0, MAX_NOTE) ?? ''
  return note === '' ? {} : { note }
}

const ACTIVITIES: Readonly<Record<NonNullable<Show>, string>> = { away: 'away', chat: '', dnd: 'busy', xa: 'permanent-absence' }

/** One tuple, with `show` as RFC 8048 §6.2 has it and the activity that SIMPLE clients read (RFC 4480). `entity`: a `pres:` or `sip:` URI. */
export function renderPidf(entity: string, state: PresenceEvent): Uint8Array {
  const isOpen = state.type === 'available'
  const show = isOpen ? state.show : undefined
  const activity = show === undefined ? '' : ACTIVITIES[show]
  const parts = [
    '<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf"',
    ` xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${escapeXml(entity)}">`,
    `<tuple id="gatehouse"><status><basic>${isOpen ? 'open' : 'closed'}</basic>`,
    show === undefined ? '' : `<show xmlns="jabber:client">${show}</show>`,
    '</status></tuple>',
    state.note === undefined ? '' : `<note>${escapeXml(state.note)}</note>`,
    activity === '' ? '' : `<dm:person id="gatehouse-person"><rpid:activities><rpid:${activity}/></rpid:activities></dm:person>`,
    '</presence>',
  ]
  return Buffer.from(parts.join(''))
}
