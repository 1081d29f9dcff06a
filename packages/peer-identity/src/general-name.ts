import { DerCursor, type DerElement, readLatin1 } from './der.ts'
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.ts'

/** RFC 5280 §4.2.1.6. */
export type GeneralName =
  | { readonly kind: 'dns' | 'uri' | 'email'; readonly text: string }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  | { readonly kind: 'other'; readonly tag: number }

/** One GeneralName; undefined when malformed. Text is latin-1 as written: whoever uses it checks its characters. */
export function readGeneralName(element: DerElement): GeneralName | undefined {
  switch (element.tag) {
    case 0x81:
      return { kind: 'email', text: readLatin1(element.content) }
    case 0x82:
      return { kind: 'dns', text: readLatin1(element.content) }
    case 0x86:
      return { kind: 'uri', text: readLatin1(element.content) }
    case 0x87:
      return { kind: 'ip', bytes: element.content }
    case 0xa4: {
      const cursor = new DerCursor(element.content)
      const name = readDistinguishedName(cursor.take(0x30).content)
      return cursor.isDone && name !== undefined ? { kind: 'directory', name } : undefined
    }
    case 0xa0:
    case 0xa3:
    case 0xa5:
    case 0x88:
      return { kind: 'other', tag: element.tag }
    default:
      return undefined
  }
}

/** The names of a GeneralNames value (RFC 5280 §4.2.1.6: at least one); undefined when malformed. */
export function readGeneralNames(value: Uint8Array): GeneralName[] | undefined {
  const outer = new DerCursor(value)
  const list = outer.enter(0x30)
  if (!outer.isDone) return undefined
  const names: GeneralName[] = []
  while (!list.isAtEnd) {
    const name = readGeneralName(list.take())
    if (name === undefined) return undefined
    names.push(name)
  }
  return list.isDone && names.length > 0 ? names : undefined
}

/** One half of NameConstraints. */
export interface Subtree {
  readonly base: GeneralName
  /** RFC 5280 §4.2.1.10: minimum 0 and no maximum, or the constraint cannot be processed. */
  readonly isPlain: boolean
}

export interface NameConstraints {
  readonly permitted: readonly Subtree[]
  readonly excluded: readonly Subtree[]
}

function readSubtrees(element: DerElement | undefined): Subtree[] | undefined {
  if (element === undefined) return []
  const list = new DerCursor(element.content)
  const subtrees: Subtree[] = []
  while (!list.isAtEnd) {
    const subtree = list.enter(0x30)
    const base = readGeneralName(subtree.take())
    if (base === undefined) return undefined
    const isPlain = subtree.isAtEnd
    while (!subtree.isAtEnd) subtree.take()
    if (!subtree.isDone) return undefined
    subtrees.push({ base, isPlain })
  }
  return list.isDone && subtrees.length > 0 ? subtrees : undefined
}

/** RFC 5280 §4.2.1.10; undefined when malformed or empty (which the RFC forbids). */
export function readNameConstraints(value: Uint8Array): NameConstraints | undefined {
  const outer = new DerCursor(value)
  const halves = outer.enter(0x30)
  const permittedElement = halves.optional(0xa0)
  const excludedElement = halves.optional(0xa1)
  if (!outer.isDone || !halves.isDone || (permittedElement ?? excludedElement) === undefined) return undefined
  const permitted = readSubtrees(permittedElement)
  const excluded = readSubtrees(excludedElement)
  return permitted === undefined || excluded === undefined ? undefined : { permitted, excluded }
}
