import { RE2JS } from 're2js'
import { DEFAULT_PREFIXES, type FilterRules, type LinkAction } from './rules.ts'
import type { LinkSearch } from './text/find-links.ts'
import { compilePrefixes } from './text/prefixes.ts'

/** Longer patterns are word lists; those are quicker as several patterns. */
const MAX_PATTERN_CHARS = 2000
/** Instructions of one compiled pattern: bounds the work per character where the automaton has too many states to keep. */
const MAX_PATTERN_SIZE = 5000

export interface CompiledPattern {
  readonly name: string
  readonly action: 'block' | 'warn'
  readonly reason: string
  readonly matches: (text: string) => boolean
}

/** A content filter in the form it runs in. Immutable. */
export interface CompiledFilter {
  readonly linkAction: LinkAction
  readonly warnText: string
  readonly search: LinkSearch
  /** False: neither links nor what they lead to are looked for. */
  readonly seeksLinks: boolean
  readonly fileAction: 'blockList' | 'blockAll' | 'off'
  /** Without dots, lower case. */
  readonly fileExtensions: ReadonlySet<string>
  readonly patterns: readonly CompiledPattern[]
}

/** Why a pattern cannot be used, or undefined. RE2 syntax: linear time, no look-around, no back-references. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '') return 'the pattern is empty'
  if (pattern.length > MAX_PATTERN_CHARS) return `longer than ${MAX_PATTERN_CHARS} characters; write several patterns`
  try {
    const compiled = RE2JS.compile(pattern)
    if (compiled.programSize() > MAX_PATTERN_SIZE) return 'too large once its repetitions are written out; use smaller counts'
    return compiled.test('') ? 'it matches the empty text, and so everything' : undefined
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    return text.replace('error parsing regexp: ', '')
  }
}

/** Done once per policy revision. A pattern that cannot be compiled has been refused by the document's validation; here it blocks everything. */
export function compileFilter(rules: FilterRules): CompiledFilter {
  const { links, files } = rules
  const extensions = new Set(files.extensions.map((extension) => extension.replace(/^\./, '').toLowerCase()))
  return {
    linkAction: links.action,
    warnText: links.warnText,
    search: {
      prefixes: compilePrefixes([...DEFAULT_PREFIXES, ...links.extraPrefixes]),
      ignoreLocal: links.ignoreLocal,
      localDomains: new Set(links.localDomains.map((domain) => domain.toLowerCase())),
      extensions: links.blockExtensions ? extensions : NONE,
    },
    seeksLinks: links.action !== 'off' || links.blockExtensions,
    fileAction: files.action,
    fileExtensions: extensions,
    patterns: rules.patterns.map((rule) => ({
      name: rule.name,
      action: rule.action,
      reason: rule.reason,
      matches: matcherOf(rule.pattern),
    })),
  }
}

const NONE: ReadonlySet<string> = new Set()

function matcherOf(pattern: string): (text: string) => boolean {
  if (patternProblem(pattern) !== undefined) return () => true
  const compiled = RE2JS.compile(pattern)
  return (text) => compiled.test(text)
}
