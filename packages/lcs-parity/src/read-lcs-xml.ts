import { messageOf } from '@gatehouse/errors'
import { SaxesParser } from 'saxes'
import { lcsError } from './errors.ts'
import { findLcsProperty, type LcsLevel } from './lcs-properties.ts'

const MAX_CHARS = 16 * 1_048_576
const MAX_DEPTH = 32
const MAX_INSTANCES = 200_000
const MAX_VALUES = 1_000_000

/** Properties of one row, as they were written. */
export interface LcsInstance {
  /** Undefined: the file does not say; the properties' names have to. */
  readonly className: string | undefined
  /** Name of our object, where we wrote the file. */
  readonly id: string | undefined
  readonly level: LcsLevel | undefined
  /** By name as written; several values for a list. */
  readonly properties: ReadonlyMap<string, readonly string[]>
  /** Names of our objects that single properties stand for, where we wrote the file. */
  readonly ids: ReadonlyMap<string, string>
}

interface Frame {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  instance:
    | {
        className: string | undefined
        id: string | undefined
        level: LcsLevel | undefined
        properties: Map<string, string[]>
        ids: Map<string, string>
      }
    | undefined
  text: string
  readonly values: string[]
}

const LEVELS: Readonly<Record<string, LcsLevel>> = { global: 'global', forest: 'global', pool: 'pool', server: 'server' }

/**
 * Reads `property name="…"` elements, each in its class and row. The value is an attribute `value`, elements `value`, or the text.
 * No DTD, no entities but the five of XML, bounded. Throws GH-LCS-XML and GH-LCS-EMPTY.
 */
export function readLcsXml(text: string): readonly LcsInstance[] {
  if (text.length > MAX_CHARS) throw lcsError('GH-LCS-XML', `It has more than ${MAX_CHARS} characters.`)
  const reader = new Reader()
  const parser = new SaxesParser({ xmlns: false, position: true })
  parser.on('doctype', () => {
    throw lcsError('GH-LCS-XML', 'It has a DTD.')
  })
  parser.on('error', (error) => {
    throw lcsError('GH-LCS-XML', messageOf(error))
  })
  parser.on('opentag', ({ name, attributes }) => reader.open(name, attributes))
  parser.on('text', (piece) => reader.text(piece))
  parser.on('cdata', (piece) => reader.text(piece))
  parser.on('closetag', () => reader.close())
  parser.write(text).close()
  const instances = reader.instances.filter(({ properties }) => properties.size > 0)
  if (instances.length === 0) throw lcsError('GH-LCS-EMPTY')
  return instances
}

class Reader {
  readonly instances: LcsInstance[] = []
  readonly #frames: Frame[] = []
  #values = 0

  open(qualified: string, given: Readonly<Record<string, string>>): void {
    const name = qualified.slice(qualified.indexOf(':') + 1).toLowerCase()
    const attributes = Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]))
    if (this.#frames.length >= MAX_DEPTH) throw lcsError('GH-LCS-XML', `It is nested deeper than ${MAX_DEPTH}.`)
    const outer = this.#frames.at(-1)
    const frame: Frame = { name, attributes, instance: outer?.instance, text: '', values: [] }
    this.#frames.push(frame)
    if (name === 'property' || name === 'value') return
    if (this.instances.length >= MAX_INSTANCES) throw lcsError('GH-LCS-XML', `It has more than ${MAX_INSTANCES} rows.`)
    const named = attributes['class'] ?? attributes['classname'] ?? attributes['name']
    const className = named !== undefined && /^MSFT_/i.test(named) ? named : outer?.instance?.className
    const level = LEVELS[(attributes['level'] ?? name).toLowerCase()] ?? outer?.instance?.level
    frame.instance = { className, id: attributes['id'], level, properties: new Map(), ids: new Map() }
    this.instances.push(frame.instance)
  }

  text(piece: string): void {
    const frame = this.#frames.at(-1)
    if (frame !== undefined) frame.text += piece
  }

  close(): void {
    const frame = this.#frames.pop()
    const outer = this.#frames.at(-1)
    if (frame?.name === 'value' && outer !== undefined) outer.values.push((frame.attributes['value'] ?? frame.text).trim())
    if (frame?.name !== 'property') return
    const name = frame.attributes['name']
    if (name === undefined || outer?.instance === undefined) return
    const { className } = outer.instance
    const spelled = findLcsProperty(className, name)?.is.name ?? name
    const own = frame.attributes['value'] ?? frame.text.trim()
    const { id } = frame.attributes
    if (id !== undefined) outer.instance.ids.set(spelled, id)
    const values = frame.values.length > 0 ? frame.values : own === '' ? [] : [own]
    this.#values += values.length
    if (this.#values > MAX_VALUES) throw lcsError('GH-LCS-XML', 'It has too many values.')
    const present = outer.instance.properties.get(spelled)
    if (present === undefined) outer.instance.properties.set(spelled, values)
    else present.push(...values)
  }
}
