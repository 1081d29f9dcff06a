/** One line of the protocol, taken apart (RFC 1459 §2.3.1, IRCv3 message tags). */
export interface IrcMessage {
  /** Tags by name, unescaped; a tag without value is empty text. */
  readonly tags: ReadonlyMap<string, string>
  /** `nick!user@host` or a server name; empty: the server itself. */
  readonly source: string
  /** Upper case, or three digits. */
  readonly command: string
  readonly params: readonly string[]
}

/** Nick, or server name, at the front of a source. */
export function nickOf(source: string): string {
  const bang = source.indexOf('!')
  return bang < 0 ? source : source.slice(0, bang)
}

/** `user@host` of a source; empty: it has none. */
export function userHostOf(source: string): string {
  const bang = source.indexOf('!')
  return bang < 0 ? '' : source.slice(bang + 1)
}
