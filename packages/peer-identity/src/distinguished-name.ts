import { DerCursor, type DerElement, readOid, readText, toHex } from './der.ts'

const COMMON_NAME = '2.5.4.3'
const ORGANISATION = '2.5.4.10'
const EMAIL = '1.2.840.113549.1.9.1'

/** Attributes shown to people; a name has a handful. */
const MAX_SHOWN = 12

const shortNames: Readonly<Record<string, string>> = {
  [COMMON_NAME]: 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  [ORGANISATION]: 'O',
  '2.5.4.11': 'OU',
  '2.5.4.5': 'serialNumber',
  '0.9.2342.19200300.100.1.25': 'DC',
  [EMAIL]: 'emailAddress',
}

/** A parsed X.501 name. */
export interface DistinguishedName {
  /** One normalised text per relative name, for comparing by RFC 5280 §7.1. */
  readonly parts: readonly string[]
  /** The parts joined: equal names have equal keys. */
  readonly key: string
  /** For people, most significant part first; control characters shown as `?`. */
  readonly text: string
  /** The last common name. */
  readonly commonName: string | undefined
  readonly organisation: string | undefined
  readonly emails: readonly string[]
  readonly isEmpty: boolean
}

interface Attribute {
  readonly type: string
  readonly text: string | undefined
  readonly key: string
}

/** RFC 5280 §7.1: strings are compared without regard to case and to the amount of inner white space, whatever their type. */
function attributeKey(type: string, value: DerElement, text: string | undefined): string {
  const folded =
    text === undefined ? `#${value.tag}:${toHex(value.content)}` : text.normalize('NFKC').trim().toLowerCase().replaceAll(/\s+/g, ' ')
  return `${type}=${JSON.stringify(folded)}`
}

function readAttribute(cursor: DerCursor): Attribute | undefined {
  const pair = cursor.enter(0x30)
  const type = readOid(pair.take(0x06).content)
  const value = pair.take()
  if (!pair.isDone || type === undefined) return undefined
  const text = readText(value)
  return { type, text, key: attributeKey(type, value, text) }
}

/** Parses the content of a Name; undefined when malformed. */
export function readDistinguishedName(content: Uint8Array): DistinguishedName | undefined {
  const names = new DerCursor(content)
  const parts: string[] = []
  const shown: string[] = []
  const emails: string[] = []
  let commonName: string | undefined
  let organisation: string | undefined
  while (!names.isAtEnd) {
    const members = names.enter(0x31)
    const keys: string[] = []
    do {
      const attribute = readAttribute(members)
      if (attribute === undefined) return undefined
      keys.push(attribute.key)
      shown.push(`${shortNames[attribute.type] ?? attribute.type}=${printable(attribute.text ?? '(not text)')}`)
      if (attribute.type === COMMON_NAME) commonName = attribute.text
      if (attribute.type === ORGANISATION) organisation = attribute.text
      if (attribute.type === EMAIL && attribute.text !== undefined) emails.push(attribute.text)
    } while (!members.isAtEnd)
    if (members.hasFailed) return undefined
    parts.push(keys.sort().join('+'))
  }
  if (!names.isDone) return undefined
  return {
    parts,
    key: parts.join(','),
    text: shown.slice(0, MAX_SHOWN).join(', '),
    commonName,
    organisation,
    emails,
    isEmpty: parts.length === 0,
  }
}

/** Text for logs: control characters and line breaks cannot forge a second line. */
export function printable(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return short.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
