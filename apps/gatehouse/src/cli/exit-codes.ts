/** What a script may rely on. Documented in docs/reference/cli.md. */
export const exitCodes = {
  ok: { code: 0, meaning: 'It worked, and the answer is yes where there is a question.' },
  negative: { code: 1, meaning: 'The answer is no: denied, not intact, not valid, an act of the demo went wrong.' },
  usage: { code: 2, meaning: 'The command line is wrong.' },
  unreachable: { code: 3, meaning: 'The service cannot be reached or did not answer in time.' },
  problems: { code: 4, meaning: 'A configuration file or policy document has mistakes; nothing was changed.' },
  failed: { code: 5, meaning: 'Something broke; the message says what.' },
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]['code']
