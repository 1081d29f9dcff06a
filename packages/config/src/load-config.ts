import { LineCounter, parseAllDocuments } from 'yaml'
import type { z } from 'zod'
import { deepFreeze } from './deep-freeze.ts'
import type { ConfigCode } from './errors.ts'
import { explainIssue, pathText } from './explain-issue.ts'
import { toJsonSchema } from './json-schema.ts'
import { offsetOf } from './offset-of.ts'

/** One mistake, with its place. */
export interface ConfigProblem {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** Dotted; empty for the file itself. */
  readonly path: string
  readonly code: ConfigCode
  readonly message: string
}

export type ConfigResult<T> =
  | { readonly ok: true; readonly config: T }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** A config file is written by hand: anything larger is the wrong file. */
const MAX_FILE_CHARS = 1_048_576
/** Anchors are handy, exponential expansion is not. */
const MAX_ALIASES = 100

/**
 * Reads one YAML document against `schema`: all mistakes at once, each with its line; defaults filled in; the result deep-frozen.
 * An empty file stands for an empty map. Never throws on what the file holds.
 */
export function loadConfig<S extends z.ZodType>(schema: S, yamlText: string, fileName: string): ConfigResult<z.output<S>> {
  const json = toJsonSchema(schema)
  const lines = new LineCounter()
  const at = (offset: number): { line: number; column: number } => {
    const position = lines.linePos(offset)
    return { line: Math.max(1, position.line), column: Math.max(1, position.col) }
  }
  if (yamlText.length > MAX_FILE_CHARS) {
    return {
      ok: false,
      problems: [problemAt(fileName, { line: 1, column: 1 }, 'GH-CONFIG-SYNTAX', `larger than ${MAX_FILE_CHARS} characters`)],
    }
  }
  const documents = parseAllDocuments(yamlText, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, version: '1.2', merge: false })
  const parsed = 'empty' in documents ? [] : documents
  const syntax = parsed
    .flatMap((document) => document.errors)
    .map((error) => {
      const code = error.code === 'DUPLICATE_KEY' ? 'GH-CONFIG-DUPLICATE-KEY' : 'GH-CONFIG-SYNTAX'
      return problemAt(fileName, at(error.pos[0]), code, oneLine(error.message))
    })
  if (parsed.length > 1) syntax.push(problemAt(fileName, at(parsed[1]!.range[0]), 'GH-CONFIG-SYNTAX', 'more than one document in the file'))
  const document = parsed[0]
  let value: unknown
  try {
    value = document?.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}
  } catch (error) {
    syntax.push(
      problemAt(fileName, { line: 1, column: 1 }, 'GH-CONFIG-SYNTAX', error instanceof Error ? oneLine(error.message) : 'unusable aliases'),
    )
  }
  if (syntax.length > 0) return { ok: false, problems: syntax }

  const result = schema.safeParse(value)
  if (result.success) return { ok: true, config: deepFreeze(result.data) }
  const problems = result.error.issues
    .flatMap((issue) => explainIssue(issue, [], json, value))
    .map((finding) => ({
      file: fileName,
      ...at(document === undefined ? 0 : offsetOf(document, finding)),
      path: pathText(finding.path),
      code: finding.code,
      message: finding.message,
    }))
  problems.sort((left, right) => left.line - right.line || left.column - right.column)
  return { ok: false, problems }
}

/** `file:line:column: message (CODE)`, the form editors and terminals make clickable. */
export function formatProblem(problem: ConfigProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message} (${problem.code})`
}

function problemAt(file: string, place: { line: number; column: number }, code: ConfigCode, message: string): ConfigProblem {
  return { file, ...place, path: '', code, message }
}

function oneLine(text: string): string {
  return text.split('\n')[0] ?? text
}
