import { ProtoCursor } from './proto-cursor.ts'

const NONE: ReadonlyMap<string, number> = new Map()

/** How many records of an encoded `AppendReply` were accepted, and how many refused by which code. */
export function countRefusals(reply: Uint8Array): { readonly accepted: number; readonly refused: ReadonlyMap<string, number> } {
  const cursor = new ProtoCursor(reply)
  let accepted = 0
  let refused: Map<string, number> | undefined
  while (cursor.next()) {
    const outer = cursor.enter()
    let code = ''
    while (cursor.next()) if (cursor.field === 3) code = cursor.text()
    cursor.leave(outer)
    if (code === '') accepted++
    else {
      refused ??= new Map()
      refused.set(code, (refused.get(code) ?? 0) + 1)
    }
  }
  return { accepted, refused: refused ?? NONE }
}
