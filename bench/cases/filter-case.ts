import { compileFilter, DEFAULT_EXTENSIONS, filterContent, type PatternRule } from '@gatehouse/content-filter'

export interface FilterResult {
  readonly case: `filter-${string}`
  readonly usPerMessage: number
  readonly bodyBytes: number
}

const TEXT = 'Hello Bob, the numbers for the third quarter are in. Shall we meet tomorrow at ten, or rather at noon?'.slice(0, 100)
const PATTERNS: readonly PatternRule[] = [
  '(?i)project\\s+(falcon|eagle)',
  '\\b\\d{4}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{4}\\b',
  '(?i)confidential',
].map((pattern, index) => ({ name: `pattern-${index}`, pattern, action: 'block', reason: 'bench' }))

const CARRIERS: readonly (readonly [name: string, contentType: string, body: string, patterns: readonly PatternRule[]])[] = [
  ['plain', 'text/plain; charset=UTF-8', TEXT, []],
  ['plain-patterns', 'text/plain; charset=UTF-8', TEXT, PATTERNS],
  ['plain-link', 'text/plain; charset=UTF-8', `${TEXT.slice(0, 70)} http://fabrikam.example/offer`, []],
  ['html', 'text/html', `<html><body><p>${TEXT}</p></body></html>`, []],
  ['rtf', 'text/rtf', `{\\rtf1\\ansi ${TEXT}}`, []],
]

/** What the content filter adds to a MESSAGE of 100 bytes, by carrier. */
export function measureFilter(seconds: number): FilterResult[] {
  return CARRIERS.map(([carrier, contentType, text, patterns]) => {
    const filter = compileFilter({
      links: { action: 'neutralise', extraPrefixes: [], ignoreLocal: true, localDomains: [], warnText: '', blockExtensions: true },
      files: { action: 'blockList', extensions: DEFAULT_EXTENSIONS },
      patterns,
    })
    const content = { contentType, body: Buffer.from(text), textFormat: [] }
    const run = (ms: number): number => {
      const startedMs = performance.now()
      let count = 0
      for (; performance.now() - startedMs < ms; count += 100) for (let index = 0; index < 100; index++) filterContent(filter, content)
      return ((performance.now() - startedMs) * 1000) / count
    }
    run(300)
    return {
      case: `filter-${carrier}`,
      usPerMessage: Math.round(run((seconds * 1000) / CARRIERS.length) * 100) / 100,
      bodyBytes: content.body.length,
    }
  })
}
