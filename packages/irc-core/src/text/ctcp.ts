const DELIMITER = '\x01'

export interface Ctcp {
  /** Upper case: ACTION, VERSION, DCC … */
  readonly command: string
  readonly text: string
}

/** Undefined: ordinary text. The closing delimiter may be missing, as in clients that cut. */
export function parseCtcp(text: string): Ctcp | undefined {
  if (!text.startsWith(DELIMITER)) return undefined
  const end = text.indexOf(DELIMITER, 1)
  const inner = text.slice(1, end < 0 ? undefined : end)
  const space = inner.indexOf(' ')
  return { command: (space < 0 ? inner : inner.slice(0, space)).toUpperCase(), text: space < 0 ? '' : inner.slice(space + 1) }
}
