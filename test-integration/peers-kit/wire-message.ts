/**
 * The least a telephone has to understand of a SIP message, on purpose not built on @gatehouse/sip-core:
 * what our own parser and our own writer got wrong in the same way would not be seen otherwise.
 */
export interface WireMessage {
  readonly startLine: string
  /** In order; names as they came. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

export function parseWireMessage(text: string): WireMessage {
  const end = text.indexOf('\r\n\r\n')
  const [startLine = '', ...lines] = (end < 0 ? text : text.slice(0, end)).split('\r\n')
  const headers: [string, string][] = []
  for (const line of lines) {
    if (/^[ \t]/.test(line) && headers.length > 0) {
      const last = headers[headers.length - 1] as [string, string]
      last[1] += ` ${line.trim()}`
      continue
    }
    const colon = line.indexOf(':')
    if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()])
  }
  return { startLine, headers, body: end < 0 ? '' : text.slice(end + 4) }
}

export function writeWireMessage(startLine: string, headers: readonly (readonly [string, string])[], body = ''): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  return `${[startLine, ...lines, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`
}

export function headersOf(message: WireMessage, name: string): string[] {
  return message.headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

export function headerOf(message: WireMessage, name: string): string {
  return headersOf(message, name)[0] ?? ''
}

/** 0 for a request. */
export function statusOf(message: WireMessage): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(message.startLine)?.[1] ?? 0)
}

/** Empty for a response. */
export function methodOf(message: WireMessage): string {
  return statusOf(message) > 0 ? '' : (message.startLine.split(' ')[0] ?? '')
}

export function tagOf(nameAddr: string): string {
  return /;\s*tag=([^;>\s]+)/i.exec(nameAddr)?.[1] ?? ''
}

/** `<sip:x>;p` or `sip:x` → `sip:x`. */
export function uriOf(nameAddr: string): string {
  return /<([^>]*)>/.exec(nameAddr)?.[1] ?? nameAddr.split(';')[0] ?? ''
}
