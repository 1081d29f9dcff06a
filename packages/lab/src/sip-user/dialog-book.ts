import type { Dialog } from '@gatehouse/sip-core'
import type { ImSession } from './im-session.ts'
import type { PresenceWatch } from './presence-watch.ts'

/** The server's book of dialogs, as its users see it. */
export interface DialogBook {
  add(dialog: Dialog, owner: ImSession | PresenceWatch): void
  /** RFC 6665 §4.1.2.4: a NOTIFY may overtake the answer to its SUBSCRIBE. Until the returned function is called such a NOTIFY is taken. */
  expectNotify(callId: string, localTag: string, onNotify: (body: string) => void): () => void
}
