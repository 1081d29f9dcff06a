import type { AccountId } from './ids.ts'

/**
 * `connecting` · `connected` · `away`: gone, and comes back by itself or with the next attempt · `refused`: a person has to do something
 * (wrong password, banned, certificate not taken) · `stopped`.
 */
export const CONNECTION_STATES = ['connecting', 'connected', 'away', 'refused', 'stopped'] as const

export type ConnectionState = (typeof CONNECTION_STATES)[number]

/** How the connection with a network stands; for displays, health and, with accounts, for the core's next attempt. */
export interface StateReport {
  /** Account networks: whose connection. Absent: that of the network as a whole, or of `peer`. */
  readonly account?: AccountId | undefined
  /** Networks of servers: the domain at the other end. */
  readonly peer?: string | undefined
  readonly state: ConnectionState
  /** Stable code of the connector's table; empty while all is well. */
  readonly code: string
  /** One sentence for an administrator; no secrets. */
  readonly detail: string
}
