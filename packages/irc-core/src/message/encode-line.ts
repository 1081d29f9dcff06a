const ESCAPES: Readonly<Record<string, string>> = { ';': '\\:', ' ': '\\s', '\\': '\\\\', '\r': '\\r', '\n': '\\n' }

/**
 * One line without its end. Only the last parameter may be empty, begin with a colon or hold spaces; undefined when another one does, or when
 * anything holds a line end or NUL: such text could smuggle in a command of its own.
 */
export function encodeLine(
  command: string,
  params: readonly string[],
  tags: readonly (readonly [string, string])[] = [],
): string | undefined {
  let line = tags.length === 0 ? '' : `@${tags.map(([name, value]) => `${name}=${escapeTag(value)}`).join(';')} `
  line += command
  for (let at = 0; at < params.length; at++) {
    const param = params[at]!
    const isLast = at === params.length - 1
    const needsColon = param === '' || param.startsWith(':') || param.includes(' ')
    if (needsColon && !isLast) return undefined
    line += isLast ? ` :${param}` : ` ${param}`
  }
  return isOneLine(line) ? line : undefined
}

function isOneLine(line: string): boolean {
  for (let at = 0; at < line.length; at++) {
    const code = line.charCodeAt(at)
    if (code === 0x0a || code === 0x0d || code === 0) return false
  }
  return true
}

function escapeTag(value: string): string {
  return value.replace(/[; \\\r\n]/g, (char) => ESCAPES[char] as string)
}
