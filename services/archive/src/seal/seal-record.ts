import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { ProtoCursor } from '../append/proto-cursor.ts'
import type { RecordFields } from '../append/record-fields.ts'
import { searchAddress } from '../append/search-address.ts'
import { decrypt, encrypt } from './key-ring.ts'
import type { BodyKey, KeyScope } from './key-vault.ts'

// Numbers of envelope.proto.
const BODY = 14
const SEALED_BODY = 16
const ALTERED_BODY = 18
const MESSAGE_KEY = 'gatehouse archive message key v1\n'
const NONCE_BYTES = 12

/** The key of one message: whoever is given it can open that message and no other. */
export function messageKey(bodyKey: Uint8Array, envelopeId: Uint8Array): Buffer {
  return createHmac('sha256', bodyKey).update(MESSAGE_KEY).update(envelopeId).digest()
}

/**
 * The record with its bodies sealed: body and altered body, as the protobuf fields they were, are the plaintext. The record as
 * it was when it holds none; undefined when it is sealed already or has two envelopes, as none of our
 * services writes it, or when there is no key.
 */
export function sealRecord(
  record: Uint8Array,
  fields: RecordFields,
  keyFor: (scope: KeyScope) => BodyKey | undefined,
): Uint8Array | undefined {
  const outer = new ProtoCursor(record)
  if (!outer.next() || outer.stop !== record.length) return undefined
  outer.enter()
  const entryStart = outer.at
  if (!outer.next() || outer.field !== 1 || outer.value !== -1) return undefined
  const [envelopeStart, envelopeStop] = [outer.start, outer.stop]
  const parts = splitEnvelope(outer.bytes.subarray(envelopeStart, envelopeStop))
  if (parts === undefined || envelopeStart - entryStart > 6) return undefined
  if (parts.bodies.length === 0) return record
  const rest = outer.bytes.subarray(envelopeStop)
  const peerClass = peerClassOf(rest)
  if (peerClass === undefined) return undefined
  const bodyKey = keyFor(scopeOf(fields, parts.direction, peerClass))
  if (bodyKey === undefined) return undefined
  const { id, key } = bodyKey
  const envelopeId = Buffer.from(fields.envelopeId, 'latin1')
  const sealed = encrypt(messageKey(key, envelopeId), Buffer.concat(parts.bodies), envelopeId)
  fields.keyId = id
  const sealedBody = Buffer.concat([
    varint(1 << 3),
    varint(id),
    field(2, sealed.subarray(0, NONCE_BYTES)),
    field(3, sealed.subarray(NONCE_BYTES)),
  ])
  return field(1, field(1, ...parts.kept, field(SEALED_BODY, sealedBody)), rest)
}

/** The bodies as protobuf fields of an envelope; undefined when key or ciphertext are others. */
export function openSealed(key: Uint8Array, envelopeId: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array): Buffer | undefined {
  return decrypt(key, Buffer.concat([nonce, ciphertext]), envelopeId)
}

function splitEnvelope(envelope: Buffer): { kept: Buffer[]; bodies: Buffer[]; direction: string } | undefined {
  const cursor = new ProtoCursor(envelope)
  const [kept, bodies]: [Buffer[], Buffer[]] = [[], []]
  let direction = ''
  for (let from = 0; cursor.next(); from = cursor.at) {
    const isBytes = cursor.value === -1
    if (cursor.field === SEALED_BODY) return undefined
    if (isBytes && cursor.field === 9) direction = cursor.text()
    const isBody = isBytes && (cursor.field === BODY || cursor.field === ALTERED_BODY)
    ;(isBody ? bodies : kept).push(envelope.subarray(from, cursor.at))
  }
  return cursor.isBroken ? undefined : { kept, bodies, direction }
}

/** Of what stands behind the envelope: the decision. Undefined when another envelope follows. */
function peerClassOf(rest: Buffer): string | undefined {
  const cursor = new ProtoCursor(rest)
  let peerClass = ''
  while (cursor.next()) {
    if (cursor.value !== -1 || cursor.field > 2) continue
    if (cursor.field === 1) return undefined
    const outer = cursor.enter()
    while (cursor.next()) if (cursor.value === -1 && cursor.field === 11) peerClass = cursor.text()
    cursor.leave(outer)
  }
  return peerClass
}

function scopeOf(fields: RecordFields, direction: string, peerClass: string): KeyScope {
  const subject = searchAddress(direction === 'inbound' ? fields.toAddress : fields.fromAddress)
  const trafficClass =
    peerClass === 'provider' || peerClass === 'bridge' ? 'publicNetworks' : peerClass === 'inside' ? 'internal' : 'federation'
  return { subject, trafficClass, day: dayOf(fields.atUs) }
}

/** UTC, YYYY-MM-DD; a time beyond what a calendar has is of the first day. */
export function dayOf(us: number): string {
  const date = new Date(us / 1000)
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString().slice(0, 10)
}

function field(number: number, ...parts: readonly Uint8Array[]): Buffer {
  let size = 0
  for (const part of parts) size += part.length
  return Buffer.concat([varint(number * 8 + 2), varint(size), ...parts])
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80)
  bytes.push(left)
  return Uint8Array.from(bytes)
}
