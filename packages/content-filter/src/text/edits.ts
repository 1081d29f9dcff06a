/** One change of a text: what stands from `from` to `to` gives way to `text`. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** The text with all changes made; a change inside one that came before it is left out. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  const sorted = edits.toSorted((left, right) => left.from - right.from || left.to - right.to)
  const pieces: string[] = []
  let at = 0
  for (const edit of sorted) {
    if (edit.from < at) continue
    pieces.push(source.slice(at, edit.from), edit.text)
    at = edit.to
  }
  pieces.push(source.slice(at))
  return pieces.join('')
}
