import { stringify } from 'yaml'
import { plainValuesSchema, type Schema } from './values-schema.ts'

const WIDTH = 110

/** `values.yaml`: every key with its default, what it means above it. */
export function valuesYaml(): string {
  return `# What these mean, in one table: README.md. Every mistake in your values is refused by \`helm install\`, with the key and a remedy.
${members(plainValuesSchema(), '').join('\n')}
`
}

function members(node: Schema, indent: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    ...(indent === '' ? [''] : []),
    ...comment(child.description, indent),
    ...entry(key, child, indent),
  ])
}

function entry(key: string, node: Schema, indent: string): string[] {
  if (node.properties !== undefined) return [`${indent}${key}:`, ...members(node, `${indent}  `)]
  if (node.default === undefined) return [`${indent}# ${key}:`]
  const value = stringify({ [key]: node.default }, { lineWidth: 0 }).trimEnd()
  return value.split('\n').map((line) => `${indent}${line}`)
}

function comment(text: string | undefined, indent: string): string[] {
  if (text === undefined || text === '') return []
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each) => `${indent}# ${each}`)
}

/** A row of the table of values. */
export interface ValueRow {
  readonly key: string
  readonly default: string
  readonly description: string
}

/** All keys with a default, sections before their members; a section without words of its own is left out. */
export function valueRows(node: Schema = plainValuesSchema(), prefix = ''): ValueRow[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`
    const description = child.description ?? ''
    if (child.properties !== undefined) {
      const row = description === '' ? [] : [{ key: path, default: '', description }]
      return [...row, ...valueRows(child, path)]
    }
    const choices = child.enum === undefined ? '' : `${child.enum.map((each) => (each === '' ? '(empty)' : String(each))).join(', ')}. `
    return [
      { key: path, default: child.default === undefined ? '' : JSON.stringify(child.default), description: `${choices}${description}` },
    ]
  })
}
