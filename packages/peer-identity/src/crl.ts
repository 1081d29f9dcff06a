import { createHash, verify } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { algorithmOid } from './certificate.ts'
import { DerCursor, readSmallInteger, readTime, toHex } from './der.ts'
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.ts'
import { keyUsageBits, readExtension } from './extensions.ts'
import { signatureWeakness } from './strength.ts'

/** Largest public CRLs have some hundred thousand entries; each costs about 100 bytes here. */
const MAX_CRL_BYTES = 64 * 1024 * 1024

const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35'
const CRL_NUMBER = '2.5.29.20'
/** Without an effect on what the list covers. */
const harmlessExtensions: ReadonlySet<string> = new Set([AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER])

/** A revocation list taken apart; its signature is checked against an issuer's key when that is known. */
export interface Crl {
  readonly fingerprint: string
  readonly issuer: DistinguishedName
  readonly thisUpdateMs: number
  /** Infinity when absent (RFC 5280 §5.1.2.5 demands it; such a list never counts as current). */
  readonly nextUpdateMs: number | undefined
  /** Serial contents in hex. */
  readonly revoked: ReadonlySet<string>
  readonly signed: Uint8Array
  readonly algorithm: Uint8Array
  readonly signature: Uint8Array
}

export type CrlParseResult = { readonly crl: Crl } | { readonly problem: string }

/** RFC 5280 §5.2: delta lists, indirect ones and partial ones (issuing distribution point) announce themselves by critical extensions. */
function unsupportedExtension(list: DerCursor): string | undefined {
  while (!list.isAtEnd) {
    const extension = readExtension(list)
    if (extension === undefined) return 'malformed extensions'
    if (extension.isCritical && !harmlessExtensions.has(extension.id)) return `the critical extension ${extension.id}`
  }
  return list.isDone ? undefined : 'malformed extensions'
}

function readRevoked(element: Uint8Array): Set<string> | string {
  const entries = new DerCursor(element)
  const serials = new Set<string>()
  while (!entries.isAtEnd) {
    const entry = entries.enter(0x30)
    const serial = entry.take(0x02).content
    const at = readTime(entry.take())
    if (entry.nextTag === 0x30) {
      const list = entry.enter(0x30)
      // RFC 5280 §5.3: an entry with an unknown critical extension (certificateIssuer) makes the list unusable.
      const unsupported = unsupportedExtension(list)
      if (unsupported !== undefined) return `an entry has ${unsupported}`
    }
    if (!entry.isDone || at === undefined || serial.length === 0) return 'an entry is malformed'
    serials.add(toHex(serial))
  }
  return entries.isDone ? serials : 'the entries are malformed'
}

/** RFC 5280 §5.1. Never throws. */
export function parseCrl(der: Uint8Array): CrlParseResult {
  if (der.length > MAX_CRL_BYTES) return { problem: 'it is larger than 64 MiB' }
  const file = new DerCursor(der)
  const outer = file.enter(0x30)
  const tbsElement = outer.take(0x30)
  const algorithm = outer.take(0x30).whole
  const signature = outer.take(0x03).content
  const tbs = new DerCursor(tbsElement.content)
  const version = tbs.optional(0x02)
  const innerAlgorithm = tbs.take(0x30).whole
  const issuer = readDistinguishedName(tbs.take(0x30).content)
  const thisUpdateMs = readTime(tbs.take())
  const hasNextUpdate = tbs.nextTag === 0x17 || tbs.nextTag === 0x18
  const nextUpdateMs = hasNextUpdate ? readTime(tbs.take()) : undefined
  const entries = tbs.optional(0x30)
  const extensions = tbs.optional(0xa0)
  if (!file.isDone || !outer.isDone || !tbs.isDone) return { problem: 'it is not laid out as RFC 5280 §5.1 says' }
  if (issuer === undefined || thisUpdateMs === undefined || (hasNextUpdate && nextUpdateMs === undefined) || signature[0] !== 0) {
    return { problem: 'a field of it is malformed' }
  }
  if (version !== undefined && readSmallInteger(version.content) !== 1) return { problem: 'its version is unknown' }
  if (Buffer.compare(algorithm, innerAlgorithm) !== 0) return { problem: 'its two signature algorithm fields differ' }
  const weakness = signatureWeakness(algorithm)
  if (weakness !== undefined) return { problem: `it is ${weakness}` }
  const unsupported = extensions === undefined ? undefined : unsupportedExtension(new DerCursor(extensions.content).enter(0x30))
  if (unsupported !== undefined) return { problem: `it has ${unsupported}` }
  const revoked = readRevoked(entries?.content ?? new Uint8Array(0))
  if (typeof revoked === 'string') return { problem: revoked }
  const fingerprint = createHash('sha256').update(der).digest('hex')
  return {
    crl: {
      fingerprint,
      issuer,
      thisUpdateMs,
      nextUpdateMs,
      revoked,
      signed: tbsElement.whole,
      algorithm,
      signature: signature.subarray(1),
    },
  }
}

const digestOf: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null,
}

/** RFC 5280 §6.3.3 f, g: the issuer may sign lists and did sign this one. RSASSA-PSS lists are not supported: not verified. */
export function isSignedBy(crl: Crl, issuer: Certificate): boolean {
  const usage = issuer.extensions.keyUsage
  if (usage !== undefined && (usage & keyUsageBits.cRLSign) === 0) return false
  const digest = digestOf[algorithmOid(crl.algorithm) ?? '']
  if (digest === undefined) return false
  try {
    return verify(digest, crl.signed, issuer.publicKey, crl.signature)
  } catch {
    return false
  }
}
