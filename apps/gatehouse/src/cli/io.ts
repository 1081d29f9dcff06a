/** The outside world of the command line. `main.ts` passes the process, tests pass buffers. */
export interface Io {
  readonly out: { write(text: string): unknown }
  readonly err: { write(text: string): unknown }
  /** All of standard input as text. */
  readonly readInput: () => Promise<string>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths of the command line start here. */
  readonly cwd: string
  /** Login name, for the author of a policy revision. */
  readonly userName: string
  readonly isTerminal: boolean
  readonly isErrorTerminal: boolean
  /** Aborted on the first SIGINT or SIGTERM. */
  readonly stop: AbortSignal
  readonly nowMs: () => number
}
