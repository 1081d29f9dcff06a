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
  const escaped = [...text]
    .map((each) => {
      if (each === '\\' || each === '{' || each === '}') return `\\${each}`
      return each.charCodeAt(0) < 0x7f ? each : [...each].map(unicodeEscapes).join('')
    })
    .join('')
  return `{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Tahoma;}}\\pard\\f0\\fs20 ${escaped}\\par}`
}

function unicodeEscapes(character: string): string {
  let escapes = ''
  for (let at = 0; at < character.length; at++) {
    const code = character.charCodeAt(at)
    escapes += `\\u${code > 0x7fff ? code - 0x10000 : code}?`
  }
  return escapes
}
