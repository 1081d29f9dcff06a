import type { RemoteEndpoint } from './connection.ts'

/** Longest header taken, TLVs included. HAProxy's longest with its SSL TLVs stays below 1 KiB. */
export const maxProxyHeaderBytes = 4096

/** The twelve bytes every version 2 header starts with; no TLS record and no SIP message does. */
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a] as const
const FIXED_BYTES = 16

export type ProxyHeader =
  /** Not enough bytes yet, good so far. */
  | { readonly status: 'more' }
  /** `source` is undefined for LOCAL (health checks of the balancer itself) and for UNSPEC: the real connection's endpoints count. */
  | { readonly status: 'header'; readonly lengthBytes: number; readonly isLocal: boolean; readonly source: RemoteEndpoint | undefined }
  | { readonly status: 'invalid'; readonly detail: string }

const MORE: ProxyHeader = { status: 'more' }

/** True when the bytes are (the beginning of) a version 2 signature; used to name the fault of senders that may not send one. */
export function startsLikeProxyHeader(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, SIGNATURE.length)
  for (let index = 0; index < length; index += 1) if (bytes[index] !== SIGNATURE[index]) return false
  return length > 0
}

/**
 * Reads a PROXY protocol version 2 header (haproxy.org proxy-protocol.txt §2.2) from all bytes received so far.
 * Pure; never throws; looks at `maxProxyHeaderBytes` at most.
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return MORE
  if (!startsLikeProxyHeader(bytes)) return { status: 'invalid', detail: 'no version 2 signature' }
  if (bytes.length > 12) {
    const fault = faultOfVersion(bytes[12] as number)
    if (fault !== undefined) return { status: 'invalid', detail: fault }
  }
  if (bytes.length < FIXED_BYTES) return MORE
  const isLocal = ((bytes[12] as number) & 0x0f) === 0
  const family = (bytes[13] as number) >> 4
  const transport = (bytes[13] as number) & 0x0f
  const addressBytes = ((bytes[14] as number) << 8) | (bytes[15] as number)
  const lengthBytes = FIXED_BYTES + addressBytes
  if (lengthBytes > maxProxyHeaderBytes) return { status: 'invalid', detail: `header of ${lengthBytes} bytes` }
  // §2.2: LOCAL discards the protocol block, whatever it says.
  if (!isLocal) {
    const fault = faultOfFamily(family, transport, addressBytes)
    if (fault !== undefined) return { status: 'invalid', detail: fault }
  }
  if (bytes.length < lengthBytes) return MORE
  return { status: 'header', lengthBytes, isLocal, source: isLocal ? undefined : readSource(bytes, family) }
}

function faultOfVersion(byte: number): string | undefined {
  if (byte >> 4 !== 2) return `version ${byte >> 4}`
  return (byte & 0x0f) > 1 ? `command ${byte & 0x0f}` : undefined
}

function faultOfFamily(family: number, transport: number, addressBytes: number): string | undefined {
  if (family === 0) return undefined
  if (family > 2) return `address family ${family}`
  if (transport !== 1) return `transport ${transport}`
  const needed = family === 1 ? 12 : 36
  return addressBytes < needed ? `address block of ${addressBytes} bytes` : undefined
}

function readSource(bytes: Uint8Array, family: number): RemoteEndpoint | undefined {
  if (family === 1) {
    return { address: `${bytes[16]}.${bytes[17]}.${bytes[18]}.${bytes[19]}`, port: readUint16(bytes, 24) }
  }
  if (family === 2) return { address: formatIpv6(bytes, 16), port: readUint16(bytes, 48) }
  return undefined
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number)
}

/** RFC 5952 form: lower case, no leading zeros, the longest run of two or more zero groups shortened; IPv4-mapped as plain IPv4. */
function formatIpv6(bytes: Uint8Array, offset: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => readUint16(bytes, offset + index * 2))
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return Array.from(bytes.subarray(offset + 12, offset + 16)).join('.')
  let bestStart = -1
  let bestLength = 1
  for (let start = 0; start < 8; start += 1) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length += 1
    if (length > bestLength) {
      bestStart = start
      bestLength = length
    }
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (bestStart < 0) return text(groups)
  return `${text(groups.slice(0, bestStart))}::${text(groups.slice(bestStart + bestLength))}`
}
