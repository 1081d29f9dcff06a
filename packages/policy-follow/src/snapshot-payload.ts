import type { SnapshotDocument } from '@gatehouse/policy-engine'
import { type Manifest, readManifest } from './manifest.ts'

/** Keys of the policy bucket. */
export const SNAPSHOT_KEY = 'snapshot'
export const HEARTBEAT_KEY = 'heartbeat'

const HEARTBEAT_FORMAT = 'gatehouse-heartbeat/1'

/** Sign of life of the policy service: this revision is still the one in force. Sealed like a snapshot. */
export interface Heartbeat {
  readonly revision: number
  readonly atMs: number
}

/** Canonical JSON: the objects come in canonical order, and their keys in that of their schema. */
export function encodeSnapshot(document: SnapshotDocument): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document))
}

/** Undefined when the payload is no snapshot of a format this version knows. Never throws. */
export function decodeSnapshot(payload: Uint8Array): SnapshotDocument | undefined {
  const value = parseJson(payload) as Partial<SnapshotDocument> | undefined
  const isSnapshot = value?.format === 'gatehouse-snapshot/1' && Number.isSafeInteger(value.revision) && Array.isArray(value.objects)
  return isSnapshot ? (value as SnapshotDocument) : undefined
}

/** Of a whole snapshot or of a manifest: which revision it is. Undefined: neither. Never throws. */
export function decodeHead(payload: Uint8Array): { readonly revision: number; readonly issuedAtMs: number } | undefined {
  const found = decodeSnapshot(payload) ?? decodeManifest(payload)
  return found === undefined ? undefined : { revision: found.revision, issuedAtMs: found.issuedAtMs }
}

/** Undefined when the payload is no manifest of a format this version knows. Never throws. */
export function decodeManifest(payload: Uint8Array): Manifest | undefined {
  return readManifest(parseJson(payload))
}

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: HEARTBEAT_FORMAT, ...heartbeat }))
}

export function decodeHeartbeat(payload: Uint8Array): Heartbeat | undefined {
  const value = parseJson(payload) as (Partial<Heartbeat> & { readonly format?: string }) | undefined
  const isHeartbeat = value?.format === HEARTBEAT_FORMAT && Number.isSafeInteger(value.revision) && Number.isSafeInteger(value.atMs)
  return isHeartbeat ? (value as Heartbeat) : undefined
}

function parseJson(payload: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload))
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
