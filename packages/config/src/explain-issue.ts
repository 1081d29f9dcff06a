import type { z } from 'zod'
import { closestName } from './closest-name.ts'
import type { ConfigCode } from './errors.ts'
import type { JsonSchema } from './json-schema.ts'
import { keysAt } from './json-schema.ts'

type Issue = z.core.$ZodIssue

/** One mistake before it has a place in the file. */
export interface Finding {
  readonly code: ConfigCode
  readonly path: readonly PropertyKey[]
  /** Points at the key itself instead of at its value. */
  readonly isAboutKey: boolean
  readonly message: string
}

/** Turns one zod issue into findings in the words of an operator; a union's issue becomes that of its likeliest branch. */
export function explainIssue(issue: Issue, parent: readonly PropertyKey[], schema: JsonSchema, value: unknown): readonly Finding[] {
  const path = [...parent, ...issue.path]
  const found = valueAt(value, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, schema))
    case 'invalid_type':
      return [found === undefined ? missing(path, issue.expected) : typeMismatch(path, issue.expected, found)]
    case 'invalid_value':
      return [notOneOf(path, issue.values, found)]
    case 'invalid_union':
      return unionFindings(issue, path, schema, value)
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => explainIssue(inner, path, schema, value))
    default:
      return [{ code: 'GH-CONFIG-VALUE', path, isAboutKey: false, message: `${nameOf(path)}: ${limitText(issue)}` }]
  }
}

function unionFindings(
  issue: Issue & { code: 'invalid_union' },
  path: readonly PropertyKey[],
  schema: JsonSchema,
  value: unknown,
): readonly Finding[] {
  const loose = issue as { options?: readonly unknown[]; errors: readonly (readonly Issue[])[] }
  if (loose.errors.length === 0) return [notOneOf(path, loose.options ?? [], valueAt(value, path))]
  // The branch that got furthest is the one that was meant: a mistake inside beats a refusal of the whole value.
  const depth = (branch: readonly Issue[]): number => Math.max(...branch.map((inner) => inner.path.length))
  const sorted = [...loose.errors].sort((left, right) => depth(right) - depth(left) || left.length - right.length)
  const best = sorted[0] ?? []
  if (depth(best) === 0 && best[0]?.code === 'invalid_type') {
    const expected = loose.errors.flatMap((branch) => branch.map((inner) => (inner.code === 'invalid_type' ? inner.expected : 'value')))
    const found = valueAt(value, path)
    const text = [...new Set(expected)].join(' or ')
    return [found === undefined ? missing(path, text) : typeMismatch(path, text, found)]
  }
  return best.flatMap((inner) => explainIssue(inner, path, schema, value))
}

function unknownKey(key: string, path: readonly PropertyKey[], schema: JsonSchema): Finding {
  const known = keysAt(schema, path)
  const near = closestName(key, known)
  const hint = near !== undefined ? `did you mean '${near}'?` : `known here: ${[...known].sort().join(', ') || 'none'}`
  return { code: 'GH-CONFIG-UNKNOWN-KEY', path: [...path, key], isAboutKey: true, message: `unknown key '${key}'; ${hint}` }
}

function missing(path: readonly PropertyKey[], expected: string): Finding {
  return { code: 'GH-CONFIG-MISSING', path, isAboutKey: false, message: `${nameOf(path)} is missing (${wordFor(expected)})` }
}

function typeMismatch(path: readonly PropertyKey[], expected: string, found: unknown): Finding {
  const what = found === null ? 'is empty' : `is ${shown(found)}`
  return { code: 'GH-CONFIG-TYPE', path, isAboutKey: false, message: `${nameOf(path)} ${what}; expected ${wordFor(expected)}` }
}

function notOneOf(path: readonly PropertyKey[], options: readonly unknown[], found: unknown): Finding {
  const words = options.map(String)
  if (found === undefined) return missing(path, words.join(' | '))
  const near = typeof found === 'string' ? closestName(found, words) : undefined
  const hint = near === undefined ? '' : `; did you mean '${near}'?`
  const message = `${nameOf(path)} is ${shown(found)}; allowed: ${words.join(', ')}${hint}`
  return { code: 'GH-CONFIG-VALUE', path, isAboutKey: false, message }
}

function limitText(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      return issue.minimum === 1 && (issue.origin === 'string' || issue.origin === 'array')
        ? 'must not be empty'
        : `must be at least ${issue.minimum}${unitOf(issue.origin)}`
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`
    default:
      return issue.message
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long'
  return origin === 'array' ? ' entries long' : ''
}

function wordFor(expected: string): string {
  const words: Record<string, string> = {
    object: 'a section (key: value)',
    record: 'a section (key: value)',
    array: 'a list',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    string: 'text',
  }
  return words[expected] ?? expected
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a section'
  // Cut short: the value may be a long paste, and the line is named anyway.
  const text = typeof value === 'string' ? `'${value}'` : String(value)
  return text.length > 40 ? `${text.slice(0, 38)}…'` : text
}

/** Dotted path as an operator writes it: `partners[2].name`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? String(step) : `.${String(step)}`
  return text
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file' : `'${pathText(path)}'`
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<PropertyKey, unknown>)[step]
  }
  return current
}
