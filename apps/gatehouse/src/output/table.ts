import type { Style } from './style.ts'
import { printable } from './style.ts'

export type Paint = keyof Style

/** A cell: its text, or text with a paint. */
export type Cell = string | number | bigint | { readonly text: string; readonly paint: Paint }

/** Columns that line up, two blanks between; an empty table says `none`. */
export function formatTable(headers: readonly string[], rows: readonly (readonly Cell[])[], style: Style): string {
  if (rows.length === 0) return `${style.dim('none')}\n`
  const texts = rows.map((row) => row.map((cell) => printable(typeof cell === 'object' ? cell.text : String(cell))))
  const widths = headers.map((header, column) => Math.max(widthOf(header), ...texts.map((row) => widthOf(row[column] ?? ''))))
  const line = (cells: readonly string[], paintOf: (column: number) => ((text: string) => string) | undefined): string => {
    const painted = cells.map((text, column) => {
      const isLast = column === cells.length - 1
      const padded = isLast ? text : text + ' '.repeat((widths[column] ?? 0) - widthOf(text))
      return paintOf(column)?.(padded) ?? padded
    })
    return `${painted.join('  ').trimEnd()}\n`
  }
  const head = line(headers, () => style.dim)
  const body = rows.map((row, index) =>
    line(texts[index] ?? [], (column) => {
      const cell = row[column]
      return typeof cell === 'object' ? style[cell.paint] : undefined
    }),
  )
  return head + body.join('')
}

/** `name  value` lines that line up. */
export function formatFacts(facts: readonly (readonly [name: string, value: Cell])[], style: Style): string {
  const width = Math.max(...facts.map(([name]) => widthOf(name)))
  return facts
    .map(([name, cell]) => {
      const text = printable(typeof cell === 'object' ? cell.text : String(cell))
      const painted = typeof cell === 'object' ? style[cell.paint](text) : text
      return `${style.dim(name + ' '.repeat(width - widthOf(name)))}  ${painted}\n`
    })
    .join('')
}

/** Columns a text takes: code points, with East Asian wide ones and emoji counted twice. */
export function widthOf(text: string): number {
  let width = 0
  for (const char of text) {
    if (/\p{Mark}/u.test(char)) continue
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
      char,
    )
      ? 2
      : 1
  }
  return width
}
