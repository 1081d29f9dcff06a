import type { IrcMessage } from './irc-message.ts'

/** More than any known server sends (RFC 1459 allows 15). */
const MAX_PARAMS = 64
const MAX_TAGS = 256
const NO_TAGS: ReadonlyMap<string, string> = new Map()
const COMMAND = /^(?:[A-Za-z]+|[0-9]{3})$/

/** Undefined for what is no message. `line` has no line end. Never throws. */
export function parseLine(line: string): IrcMessage | undefined {
  let at = 0
  let tags = NO_TAGS
  if (line.startsWith('@')) {
    const end = line.indexOf(' ')
    if (end < 0) return undefined
    tags = parseTags(line.slice(1, end))
    at = skipSpaces(line, end)
  }
  let source = ''
  if (line[at] === ':') {
    const end = line.indexOf(' ', at)
    if (end < 0) return undefined
    source = line.slice(at + 1, end)
    at = skipSpaces(line, end)
  }
  const commandEnd = endOfWord(line, at)
  const command = line.slice(at, commandEnd)
  if (!COMMAND.test(command)) return undefined
  const params = parseParams(line, skipSpaces(line, commandEnd))
  return params === undefined ? undefined : { tags, source, command: command.toUpperCase(), params }
}

function parseParams(line: string, start: number): string[] | undefined {
  const params: string[] = []
  let at = start
  while (at < line.length) {
    if (params.length === MAX_PARAMS) return undefined
    if (line[at] === ':') {
      params.push(line.slice(at + 1))
      return params
    }
    const end = endOfWord(line, at)
    params.push(line.slice(at, end))
    at = skipSpaces(line, end)
  }
  return params
}

function parseTags(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>()
  let at = 0
  while (at < text.length && tags.size < MAX_TAGS) {
    let end = text.indexOf(';', at)
    if (end < 0) end = text.length
    const equals = text.indexOf('=', at)
    const hasValue = equals >= 0 && equals < end
    const name = text.slice(at, hasValue ? equals : end)
    // the last of several counts, as the specification asks
    if (name !== '') tags.set(name, hasValue ? unescapeTag(text.slice(equals + 1, end)) : '')
    at = end + 1
  }
  return tags
}

function unescapeTag(text: string): string {
  if (!text.includes('\\')) return text
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char !== '\\') {
      result += char
      continue
    }
    at++
    const escaped = text[at]
    if (escaped === undefined) break
    result += UNESCAPED[escaped] ?? escaped
  }
  return result
}

const UNESCAPED: Readonly<Record<string, string>> = { ':': ';', s: ' ', r: '\r', n: '\n' }

function endOfWord(line: string, at: number): number {
  const end = line.indexOf(' ', at)
  return end < 0 ? line.length : end
}

function skipSpaces(line: string, from: number): number {
  let at = from
  while (line[at] === ' ') at++
  return at
}
