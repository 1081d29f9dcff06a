import { isUtf8 } from 'node:buffer'
import { type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { ArchiveRecordSchema } from '@gatehouse/proto'

/** By field number; a message has fields of its own. Records have no other kinds. */
type Kind = 'text' | 'octets' | 'number' | 'numbers' | Shape
type Shape = readonly (Kind | undefined)[]

const SHAPE = shapeOf(ArchiveRecordSchema, new Map())

const LONGEST_VARINT = 10

/**
 * Whether an encoded `ArchiveRecord` is one to its last field: every text in it UTF-8, as protobuf demands, every message in it whole.
 * Whoever reads a record that is not fails, and with it the search or export that found it. Bodies are octets and may hold anything.
 */
export function isReadable(record: Uint8Array): boolean {
  return isReadablePart(record, 0, record.length, SHAPE)
}

function isReadablePart(bytes: Uint8Array, from: number, end: number, shape: Shape): boolean {
  let at = from
  while (at < end) {
    // Tags and sizes are nearly always of one octet, which is read here, without a call.
    let tag = bytes[at] as number
    if (tag < 0x80) at++
    else {
      tag = varintAt(bytes, at)
      at = afterVarint(bytes, at, end)
    }
    const kind = shape[tag < 0x80 ? tag >>> 3 : Math.floor(tag / 8)]
    const wire = tag & 7
    if (tag < 8 || at === -1 || (kind !== undefined && !isWireOf(kind, wire))) return false
    if (wire === 2) {
      let size = at < end ? (bytes[at] as number) : 0x80
      if (size < 0x80) at++
      else {
        size = varintAt(bytes, at)
        at = afterVarint(bytes, at, end)
      }
      const stop = at + size
      if (at === -1 || stop > end) return false
      if (!isPartOf(kind, bytes, at, stop)) return false
      at = stop
    } else if (wire === 0) {
      at = afterVarint(bytes, at, end)
      if (at === -1) return false
    } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4
    else return false
  }
  return at === end
}

function isWireOf(kind: Kind, wire: number): boolean {
  return kind === 'number' ? wire === 0 : wire === 2 || (kind === 'numbers' && wire === 0)
}

function isPartOf(kind: Kind | undefined, bytes: Uint8Array, from: number, stop: number): boolean {
  if (kind === 'text') return isText(bytes, from, stop)
  if (kind === 'numbers') return areVarints(bytes, from, stop)
  return typeof kind !== 'object' || isReadablePart(bytes, from, stop, kind)
}

function areVarints(bytes: Uint8Array, from: number, stop: number): boolean {
  let at = from
  while (at !== -1 && at < stop) at = afterVarint(bytes, at, stop)
  return at === stop
}

function varintAt(bytes: Uint8Array, from: number): number {
  const first = bytes[from] ?? 0
  if (first < 0x80) return first
  let value = first & 0x7f
  let scale = 128
  for (let at = from + 1; at < from + LONGEST_VARINT; at++) {
    const octet = bytes[at] ?? 0
    value += (octet & 0x7f) * scale
    if (octet < 0x80) break
    scale *= 128
  }
  return value
}

/** -1: it does not end in time. */
function afterVarint(bytes: Uint8Array, from: number, end: number): number {
  const last = Math.min(end, from + LONGEST_VARINT)
  for (let at = from; at < last; at++) if ((bytes[at] as number) < 0x80) return at + 1
  return -1
}

function isText(bytes: Uint8Array, from: number, stop: number): boolean {
  // Nearly all are ASCII, which is seen sooner than asked; four at a time, and one question at the end.
  let seen = 0
  let at = from
  for (; at + 4 <= stop; at += 4)
    seen |= (bytes[at] as number) | (bytes[at + 1] as number) | (bytes[at + 2] as number) | (bytes[at + 3] as number)
  for (; at < stop; at++) seen |= bytes[at] as number
  return seen < 0x80 || isUtf8(bytes.subarray(from, stop))
}

function shapeOf(message: DescMessage, known: Map<DescMessage, Shape>): Shape {
  const before = known.get(message)
  if (before !== undefined) return before
  const shape: (Kind | undefined)[] = []
  known.set(message, shape)
  for (const field of message.fields) {
    if (field.message !== undefined) shape[field.number] = shapeOf(field.message, known)
    else if (field.scalar === ScalarType.STRING) shape[field.number] = 'text'
    else if (field.scalar === ScalarType.BYTES) shape[field.number] = 'octets'
    else shape[field.number] = field.fieldKind === 'list' ? 'numbers' : 'number'
  }
  return shape
}
