/** A media type as written, read leniently: what a client would make of it counts, not what it should be. */
export interface ContentType {
  /** `text/html`, lower case. */
  readonly essence: string
  readonly parameters: readonly Parameter[]
  /** Two programs could read two things out of it: several types, a parameter twice, or in the pieces of RFC 2231. */
  readonly isAmbiguous: boolean
}

export interface Parameter {
  /** Lower case. */
  readonly name: string
  readonly value: string
  /** As written, with quotes. */
  readonly raw: string
}

const MAX_PARAMETERS = 64
/** Parameters that change what the content means. */
const DECISIVE: ReadonlySet<string> = new Set(['charset', 'boundary', 'ms-body'])
/** Without a comment behind it (RFC 2045 §5.1). */
const ESSENCE = /^[^\s(]+/

/** Splits at semicolons outside quotes; also for `ms-text-format` and Content-Disposition, which look alike. */
export function parseContentType(text: string): ContentType {
  const parts = splitParameters(text)
  const parameters: Parameter[] = []
  let isAmbiguous = hasComma(text) || parts.length > MAX_PARAMETERS
  for (const raw of parts.slice(1, MAX_PARAMETERS)) {
    const equals = raw.indexOf('=')
    const name = (equals < 0 ? raw : raw.slice(0, equals)).trim().toLowerCase()
    if (name === '') continue
    if (/^(charset|boundary)\*/.test(name) || (DECISIVE.has(name) && parameters.some((each) => each.name === name))) isAmbiguous = true
    parameters.push({ name, value: equals < 0 ? '' : unquoted(raw.slice(equals + 1).trim()), raw: raw.trim() })
  }
  return { essence: ESSENCE.exec((parts[0] ?? '').trim())?.[0].toLowerCase() ?? '', parameters, isAmbiguous }
}

export function parameterOf(type: ContentType, name: string): string | undefined {
  return type.parameters.find((parameter) => parameter.name === name)?.value
}

export function renderContentType(type: ContentType): string {
  return [type.essence, ...type.parameters.map((parameter) => parameter.raw)].join(';')
}

/** The same type with `charset=utf-8`. */
export function asUtf8(type: ContentType): ContentType {
  const others = type.parameters.filter((parameter) => parameter.name !== 'charset')
  return { ...type, parameters: [{ name: 'charset', value: 'utf-8', raw: 'charset=utf-8' }, ...others] }
}

/** Outside quotes: a header that came twice, or two values in one. */
function hasComma(text: string): boolean {
  return text.includes(',') && text.replace(/"(?:[^"\\]|\\.)*"/gs, '').includes(',')
}

function splitParameters(text: string): string[] {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) isQuoted = !isQuoted
    else if (code === 0x5c && isQuoted) at++
    else if (code === 0x3b && !isQuoted) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text
  const end = text.endsWith('"') && text.length > 1 ? text.length - 1 : text.length
  return text.slice(1, end).replace(/\\(.)/gs, '$1')
}
