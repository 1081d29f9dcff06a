import { DerCursor, isWellFormedDer, readBoolean, readOid, readSmallInteger, toHex } from './der.ts'
import { type GeneralName, type NameConstraints, readGeneralNames, readNameConstraints } from './general-name.ts'

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const SUBJECT_ALT_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const NAME_CONSTRAINTS = '2.5.29.30'
const CRL_DISTRIBUTION_POINTS = '2.5.29.31'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const AUTHORITY_INFORMATION_ACCESS = '1.3.6.1.5.5.7.1.1'
const CA_ISSUERS = '1.3.6.1.5.5.7.48.2'

/** Left to the path-validation library: certificate policies, their mappings and constraints, inhibitAnyPolicy. */
const policyExtensions: ReadonlySet<string> = new Set(['2.5.29.32', '2.5.29.33', '2.5.29.36', '2.5.29.54'])

/** RFC 5280 §4.2.1.3, bits of the first octet. */
export const keyUsageBits = { digitalSignature: 0x80, keyCertSign: 0x04, cRLSign: 0x02 } as const

/** What the extensions of a certificate say. */
export interface Extensions {
  readonly basicConstraints: { readonly isCa: boolean; readonly pathLength: number | undefined } | undefined
  /** First octet of the bit string; undefined: no such extension. */
  readonly keyUsage: number | undefined
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly subjectAltName: readonly GeneralName[] | undefined
  readonly nameConstraints: NameConstraints | undefined
  readonly subjectKeyIdentifier: string | undefined
  readonly hasCrlDistributionPoints: boolean
  readonly hasCaIssuers: boolean
  /** Critical ones that nobody here processes. */
  readonly unknownCritical: readonly string[]
}

type Draft = { -readonly [K in keyof Extensions]: Extensions[K] }

function readBasicConstraints(value: Uint8Array): Extensions['basicConstraints'] {
  const outer = new DerCursor(value)
  const body = outer.enter(0x30)
  if (!outer.isDone) return undefined
  const flag = body.optional(0x01)
  const isCa = flag === undefined ? false : readBoolean(flag.content)
  const lengthElement = body.optional(0x02)
  const pathLength = lengthElement === undefined ? undefined : readSmallInteger(lengthElement.content)
  if (!body.isDone || isCa === undefined || (lengthElement !== undefined && pathLength === undefined)) return undefined
  return { isCa, pathLength }
}

function readKeyUsage(value: Uint8Array): number | undefined {
  const outer = new DerCursor(value)
  const content = outer.take(0x03).content
  if (!outer.isDone || content.length < 2 || content.length > 3 || (content[0] as number) > 7) return undefined
  // RFC 5280 §4.2.1.3: at least one bit must be set.
  return content[1] === 0 && (content[2] ?? 0) === 0 ? undefined : (content[1] as number)
}

function readExtendedKeyUsage(value: Uint8Array): string[] | undefined {
  const outer = new DerCursor(value)
  const list = outer.enter(0x30)
  const usages: string[] = []
  while (!list.isAtEnd) {
    const usage = readOid(list.take(0x06).content)
    if (usage === undefined) return undefined
    usages.push(usage)
  }
  return outer.isDone && list.isDone && usages.length > 0 ? usages : undefined
}

function hasCaIssuers(value: Uint8Array): boolean {
  const list = new DerCursor(value).enter(0x30)
  while (!list.isAtEnd) if (readOid(list.enter(0x30).take(0x06).content) === CA_ISSUERS) return true
  return false
}

function readSubjectKeyIdentifier(value: Uint8Array): string | undefined {
  const outer = new DerCursor(value)
  const content = outer.take(0x04).content
  return outer.isDone ? toHex(content) : undefined
}

/** Takes one extension into the draft; false: malformed. */
function take(draft: Draft, id: string, isCritical: boolean, value: Uint8Array): boolean {
  switch (id) {
    case BASIC_CONSTRAINTS:
      draft.basicConstraints = readBasicConstraints(value)
      return draft.basicConstraints !== undefined
    case KEY_USAGE:
      draft.keyUsage = readKeyUsage(value)
      return draft.keyUsage !== undefined
    case EXTENDED_KEY_USAGE:
      draft.extendedKeyUsage = readExtendedKeyUsage(value)
      return draft.extendedKeyUsage !== undefined
    case SUBJECT_ALT_NAME:
      draft.subjectAltName = readGeneralNames(value)
      return draft.subjectAltName !== undefined
    case NAME_CONSTRAINTS:
      draft.nameConstraints = readNameConstraints(value)
      return draft.nameConstraints !== undefined
    case SUBJECT_KEY_IDENTIFIER:
      draft.subjectKeyIdentifier = readSubjectKeyIdentifier(value)
      return draft.subjectKeyIdentifier !== undefined
    case CRL_DISTRIBUTION_POINTS:
      draft.hasCrlDistributionPoints = true
      break
    case AUTHORITY_INFORMATION_ACCESS:
      draft.hasCaIssuers = hasCaIssuers(value)
      break
    default:
      // RFC 5280 §4.2: an unrecognised critical extension means the certificate must be rejected.
      if (policyExtensions.has(id)) return isWellFormedDer(value)
      if (isCritical) draft.unknownCritical = [...draft.unknownCritical, id]
      return true
  }
  if (isCritical) draft.unknownCritical = [...draft.unknownCritical, id]
  return isWellFormedDer(value)
}

/** One Extension of a certificate or CRL; undefined when malformed. */
export function readExtension(list: DerCursor): { id: string; isCritical: boolean; value: Uint8Array } | undefined {
  const extension = list.enter(0x30)
  const id = readOid(extension.take(0x06).content)
  const flag = extension.optional(0x01)
  const isCritical = flag === undefined ? false : readBoolean(flag.content)
  const value = extension.take(0x04).content
  return extension.isDone && id !== undefined && isCritical !== undefined ? { id, isCritical, value } : undefined
}

export function noExtensions(): Extensions {
  return {
    basicConstraints: undefined,
    keyUsage: undefined,
    extendedKeyUsage: undefined,
    subjectAltName: undefined,
    nameConstraints: undefined,
    subjectKeyIdentifier: undefined,
    hasCrlDistributionPoints: false,
    hasCaIssuers: false,
    unknownCritical: [],
  }
}

/** Parses the content of `[3]`; undefined when malformed or when one extension stands there twice (RFC 5280 §4.2). */
export function readExtensions(content: Uint8Array): Extensions | undefined {
  const outer = new DerCursor(content)
  const list = outer.enter(0x30)
  const draft: Draft = noExtensions()
  const seen = new Set<string>()
  while (!list.isAtEnd) {
    const extension = readExtension(list)
    if (extension === undefined || seen.has(extension.id)) return undefined
    seen.add(extension.id)
    if (!take(draft, extension.id, extension.isCritical, extension.value)) return undefined
  }
  return outer.isDone && list.isDone && seen.size > 0 ? draft : undefined
}
