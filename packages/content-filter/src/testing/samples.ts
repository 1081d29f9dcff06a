import { Buffer } from 'node:buffer'
import type { MessageContent } from '@gatehouse/im-model'
import { type CompiledFilter, compileFilter } from '../compile-filter.ts'
import { DEFAULT_EXTENSIONS, type FileRules, type LinkRules, type PatternRule } from '../rules.ts'

/** The filter with the defaults of the reference, but for what is given. */
export function filterOf(
  links: Partial<LinkRules> = {},
  files: Partial<FileRules> = {},
  patterns: readonly PatternRule[] = [],
): CompiledFilter {
  return compileFilter({
    links: { action: 'block', extraPrefixes: [], ignoreLocal: true, localDomains: [], warnText: '', blockExtensions: true, ...links },
    files: { action: 'blockList', extensions: DEFAULT_EXTENSIONS, ...files },
    patterns,
  })
}

export function content(contentType: string, body: string | Uint8Array): MessageContent {
  return { contentType, body: typeof body === 'string' ? Buffer.from(body) : body, textFormat: [] }
}

export function textFormat(contentType: string, body: string): MessageContent {
  const value = `${contentType};msgr=WAAtAE0A;ms-body=${Buffer.from(body).toString('base64')}`
  return { contentType: '', body: Buffer.alloc(0), textFormat: [value] }
}

export function multipart(subtype: string, ...parts: readonly (readonly [head: string, body: string])[]): MessageContent {
  const pieces = parts.map(([head, body]) => `--b1\r\n${head}\r\n\r\n${body}\r\n`)
  return content(`multipart/${subtype}; boundary="b1"`, `preamble\r\n${pieces.join('')}--b1--\r\n`)
}

/** RTF text: what is no ASCII as `\u`. */
export function rtfOf(text: string): string {
  let escaped = ''
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c || code === 0x7b || code === 0x7d) escaped += `\\${text[at]}`
    else escaped += code < 0x7f ? text[at] : `\\u${code > 0x7fff ? code - 0x10000 : code}?`
  }
  return `{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Tahoma;}}\\pard\\f0\\fs20 ${escaped}\\par}`
}
