import { defaultFloodLimits, type FloodLimits } from './flood-control.ts'
import type { RegistrationOptions } from './registration.ts'

export interface IrcClientOptions extends RegistrationOptions {
  readonly flood: FloodLimits
  /** Longest wait for the welcome, for the word about a message, and for the answer to a PING, in milliseconds. */
  readonly registrationMs: number
  readonly answerMs: number
  readonly pongMs: number
  /** Silence after which we ask whether the server is still there, in milliseconds. */
  readonly idleMs: number
  readonly maxPending: number
  readonly maxLinesPerMessage: number
}

export const defaultIrcClientOptions: Omit<IrcClientOptions, keyof RegistrationOptions> = Object.freeze({
  flood: defaultFloodLimits,
  registrationMs: 30_000,
  answerMs: 60_000,
  pongMs: 30_000,
  idleMs: 90_000,
  maxPending: 100,
  maxLinesPerMessage: 20,
})
