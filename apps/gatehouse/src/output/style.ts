/** Paints text on a terminal; does nothing elsewhere. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly accent: (text: string) => string
}

const RESET = '\u001b[0m'

function paint(start: string): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001b[${start}m${text}${RESET}`)
}

const plain = (text: string): string => text

/** Colours on a terminal, unless NO_COLOR is set to anything (no-color.org) or TERM is dumb. */
export function chooseStyle(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  const isOff = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  if (!isTerminal || isOff) return { bold: plain, dim: plain, good: plain, bad: plain, warn: plain, accent: plain }
  return { bold: paint('1'), dim: paint('2'), good: paint('32'), bad: paint('31'), warn: paint('33'), accent: paint('36') }
}

/** Text that came from a peer, a file or a service: control and direction-changing characters cannot reach the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (char) =>
    char === '\n' || char === '\t' ? ' ' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
