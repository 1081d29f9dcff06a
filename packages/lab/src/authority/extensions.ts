import { createHash, type KeyObject } from 'node:crypto'
import { bits, boolean, implicit, integer, octets, oid, sequence } from './der.ts'
import { generalNames, type NameLists, subtrees } from './names.ts'

export type ExtendedKeyUsage = 'serverAuth' | 'clientAuth' | 'sipDomain' | 'any' | 'codeSigning' | 'emailProtection'
export type KeyUsage = 'digitalSignature' | 'keyEncipherment' | 'keyAgreement' | 'keyCertSign' | 'cRLSign'

/** An extension in the raw, for the ones that this authority has no option for. */
export interface RawExtension {
  readonly oid: string
  readonly isCritical: boolean
  /** DER inside the OCTET STRING. */
  readonly value: Uint8Array
}

export interface NameConstraints {
  readonly permitted?: NameLists
  readonly excluded?: NameLists
  /** RFC 5280 §4.2.1.10 wants it critical; default true. */
  readonly isCritical?: boolean
}

const ekuOids: Readonly<Record<ExtendedKeyUsage, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  sipDomain: '1.3.6.1.5.5.7.3.20',
  any: '2.5.29.37.0',
}

// RFC 5280 §4.2.1.3: bit numbers, counted from the most significant bit of the first octet.
const usageBits: Readonly<Record<KeyUsage, number>> = {
  digitalSignature: 0,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
}

export function extension(raw: RawExtension): Uint8Array {
  return sequence(oid(raw.oid), ...(raw.isCritical ? [boolean(true)] : []), octets(raw.value))
}

export function basicConstraints(isCa: boolean, pathLength: number | undefined): Uint8Array {
  const parts = isCa ? [boolean(true)] : []
  if (pathLength !== undefined) parts.push(integer(pathLength))
  return extension({ oid: '2.5.29.19', isCritical: true, value: sequence(...parts) })
}

export function keyUsage(usages: readonly KeyUsage[]): Uint8Array {
  let octet = 0
  let highest = 0
  for (const usage of usages) {
    octet |= 0x80 >> usageBits[usage]
    highest = Math.max(highest, usageBits[usage])
  }
  return extension({ oid: '2.5.29.15', isCritical: true, value: bits(Uint8Array.of(octet), 7 - highest) })
}

export function extendedKeyUsage(usages: readonly ExtendedKeyUsage[]): Uint8Array {
  return extension({ oid: '2.5.29.37', isCritical: false, value: sequence(...usages.map((usage) => oid(ekuOids[usage]))) })
}

export function subjectAltName(names: NameLists, isCritical: boolean): Uint8Array {
  return extension({ oid: '2.5.29.17', isCritical, value: sequence(...generalNames(names)) })
}

export function nameConstraints(constraints: NameConstraints): Uint8Array {
  const value = sequence(...subtrees(0, constraints.permitted), ...subtrees(1, constraints.excluded))
  return extension({ oid: '2.5.29.30', isCritical: constraints.isCritical ?? true, value })
}

/** RFC 5280 §4.2.1.2 method (1), over the whole SubjectPublicKeyInfo instead of the bit string: any stable hash will do. */
export function keyIdentifier(publicKey: KeyObject): Uint8Array {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest().subarray(0, 20)
}

export function subjectKeyIdentifier(publicKey: KeyObject): Uint8Array {
  return extension({ oid: '2.5.29.14', isCritical: false, value: octets(keyIdentifier(publicKey)) })
}

export function authorityKeyIdentifier(publicKey: KeyObject): Uint8Array {
  return extension({ oid: '2.5.29.35', isCritical: false, value: sequence(implicit(0, keyIdentifier(publicKey))) })
}
