import type { Refusal } from './errors.ts'
import type { TrustStore } from './trust-store.ts'

/** A file as it was read. */
export interface NamedFile {
  /** For messages. */
  readonly name: string
  readonly bytes: Uint8Array
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([\s\S]*?)-----END \1-----/g
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

const labels = {
  certificate: new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']),
  crl: new Set(['X509 CRL', 'CRL']),
} as const

/** What of a file could be used. */
export interface DerBlocks {
  readonly blocks: readonly Uint8Array[]
  readonly problems: readonly Refusal[]
}

/** The DER values of a PEM file (of that kind; other blocks such as keys are left alone) or of a DER file. Never throws. */
export function readDerBlocks(file: NamedFile, kind: keyof typeof labels): DerBlocks {
  const problem = (what: string): Refusal => ({ code: 'GH-IDENTITY-STORE', detail: `${file.name}: ${what}.` })
  // DER: certificates and lists are a SEQUENCE; no PEM file starts with a zero.
  if (file.bytes[0] === 0x30 && file.bytes[1] !== 0x0a && file.bytes[1] !== 0x0d) return { blocks: [file.bytes], problems: [] }
  const text = Buffer.from(file.bytes).toString('latin1')
  const blocks: Uint8Array[] = []
  const problems: Refusal[] = []
  for (const [, label = '', body = ''] of text.matchAll(BLOCK)) {
    if (!labels[kind].has(label)) continue
    const base64 = body.replaceAll(/\s/g, '')
    if (BASE64.test(base64)) blocks.push(Buffer.from(base64, 'base64'))
    else problems.push(problem(`a ${label} block is not base64`))
  }
  if (blocks.length === 0 && problems.length === 0) problems.push(problem(`there is no ${kind === 'crl' ? 'revocation list' : kind} in it`))
  return { blocks, problems }
}

/** One trust store from its files. */
export function trustStoreFrom(name: string, files: readonly NamedFile[]): { store: TrustStore; problems: readonly Refusal[] } {
  const read = files.map((file) => readDerBlocks(file, 'certificate'))
  return { store: { name, roots: read.flatMap((each) => each.blocks) }, problems: read.flatMap((each) => each.problems) }
}

/** Revocation lists from their files. */
export function crlsFrom(files: readonly NamedFile[]): { crls: readonly Uint8Array[]; problems: readonly Refusal[] } {
  const read = files.map((file) => readDerBlocks(file, 'crl'))
  return { crls: read.flatMap((each) => each.blocks), problems: read.flatMap((each) => each.problems) }
}
