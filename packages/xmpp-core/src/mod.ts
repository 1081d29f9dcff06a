export { escapeLocal, unescapeLocal } from './jid/escape-local.ts'
export type { Jid } from './jid/jid.ts'
export { bareOf, jidText, parseJid } from './jid/jid.ts'
export { prepareDomain } from './jid/prepare-domain.ts'
export { prepareLocal } from './jid/prepare-local.ts'
export type { Stanza } from './stanza/read-stanza.ts'
export { readStanza } from './stanza/read-stanza.ts'
export type { StanzaCondition, StanzaError, StanzaErrorType } from './stanza/stanza-error.ts'
export { errorElement, readStanzaError, stanzaConditions, stanzaErrorFor } from './stanza/stanza-error.ts'
export type { ComponentOptions } from './stream/component-stream.ts'
export { ComponentStream } from './stream/component-stream.ts'
export type { IncomingOptions } from './stream/incoming-stream.ts'
export { IncomingStream } from './stream/incoming-stream.ts'
export type { OutgoingOptions } from './stream/outgoing-stream.ts'
export { OutgoingStream } from './stream/outgoing-stream.ts'
export type { StreamCondition } from './stream/stream-condition.ts'
export type { SessionState } from './stream/stream-management.ts'
export type {
  Closing,
  DialbackVerdict,
  DomainEvidence,
  StreamEvent,
  StreamHashes,
  StreamSurroundings,
  StreamTimers,
  Ticket,
} from './stream/stream-types.ts'
export { DEFAULT_STREAM_TIMERS } from './stream/stream-types.ts'
export type { XmppStream } from './stream/xmpp-stream.ts'
export { ns } from './xml/namespaces.ts'
export type { XmlLimits } from './xml/stream-event.ts'
export { DEFAULT_XML_LIMITS } from './xml/stream-event.ts'
export { writeXml } from './xml/write-xml.ts'
export type { XmlAttributes, XmlNode } from './xml/xml-element.ts'
export { XmlElement, xml } from './xml/xml-element.ts'
export { XmlStreamReader } from './xml/xml-stream-reader.ts'
