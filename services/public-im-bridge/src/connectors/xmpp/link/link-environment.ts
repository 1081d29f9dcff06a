import type { ConnectorContext } from '@gatehouse/bridge-kit'
import type { DialbackVerdict, DomainEvidence, Stanza, StreamSurroundings } from '@gatehouse/xmpp-core'
import type { XmppConfig } from '../config.ts'
import type { Lingering } from './lingering.ts'
import type { StreamDriver } from './stream-driver.ts'

/** A stanza that came in, and from where. */
export interface ArrivedStanza {
  readonly stanza: Stanza
  readonly by: DomainEvidence
  /** For `driver.markHandled`. */
  readonly arrival: number
  readonly side: 'external' | 'internal'
  readonly driver: StreamDriver
}

/** What links and listeners share. */
export interface LinkEnvironment {
  readonly context: ConnectorContext
  readonly config: XmppConfig
  readonly around: StreamSurroundings
  readonly lingering: Lingering
  /** Of everything that comes in. */
  readonly side: ArrivedStanza['side']
  readonly onStanza: (arrived: ArrivedStanza) => void
}

/** Asks the server of `remote` about a key (XEP-0220 §2.2.2). Calls back exactly once. */
export type VerifyDialback = (
  question: { readonly remote: string; readonly local: string; readonly key: string; readonly streamId: string },
  onVerdict: (verdict: DialbackVerdict) => void,
) => void
