import { isPlainText } from './plain-scalar.ts'

/**
 * Block YAML of maps whose values are plain scalars, lists of them or such maps again: exactly the text the YAML library would write,
 * in a hundredth of its time. Undefined: something in it needs quotes, or the library's judgement.
 */
export function writePlain(map: Readonly<Record<string, unknown>>): string | undefined {
  return writeMap(map, '')
}

function writeMap(map: Readonly<Record<string, unknown>>, indent: string): string | undefined {
  let text = ''
  for (const key in map) {
    const value = writeValue(map[key], indent)
    if (value === undefined) return undefined
    text += `${indent}${key}:${value}`
  }
  return text === '' ? undefined : text
}

/** What follows the colon, to the end of its last line. */
function writeValue(value: unknown, indent: string): string | undefined {
  if (typeof value !== 'object' || value === null) {
    const scalar = writeScalar(value)
    return scalar === undefined ? undefined : ` ${scalar}\n`
  }
  const deeper = `${indent}  `
  if (!Array.isArray(value)) {
    const inner = writeMap(value as Readonly<Record<string, unknown>>, deeper)
    return inner === undefined ? undefined : `\n${inner}`
  }
  if (value.length === 0) return ' []\n'
  let text = '\n'
  for (const item of value as readonly unknown[]) {
    const scalar = writeScalar(item)
    if (scalar === undefined) return undefined
    text += `${deeper}- ${scalar}\n`
  }
  return text
}

function writeScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return isPlainText(value, false) ? value : undefined
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined
}
