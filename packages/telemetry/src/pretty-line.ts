const COLOURS: Readonly<Record<string, string>> = { debug: '\u001b[2m', info: '\u001b[32m', warn: '\u001b[33m', error: '\u001b[31m' }
const RESET = '\u001b[0m'

/** One JSON log line as a person reads it: time, level, service, sentence, facts. Anything else comes back as it is. */
export function prettyLine(line: string, hasColours: boolean): string {
  let parsed: Record<string, unknown>
  try {
    parsed = JSON.parse(line) as Record<string, unknown>
  } catch {
    return line
  }
  const { level, time, service, message, ...facts } = parsed
  const word = String(level).toUpperCase().padEnd(5)
  const shownLevel = hasColours ? `${COLOURS[String(level)] ?? ''}${word}${RESET}` : word
  const rest = Object.entries(facts).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? printable(value) : JSON.stringify(value)}`,
  )
  const clock = String(time).slice(11, 23)
  return `${clock} ${shownLevel} ${String(service)}: ${printable(typeof message === 'string' ? message : '')}${rest.length > 0 ? `  ${rest.join(' ')}` : ''}\n`
}

/** Facts may come from a peer: nothing that could steer a terminal gets through. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
