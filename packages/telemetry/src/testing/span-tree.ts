import type { SeenSpan } from './seen-span.ts'

export interface SpanTreeOptions {
  /** Facts shown behind each span, in this order; those it has not are left out. */
  readonly facts?: readonly string[]
  /** Without times, so that two runs give the same text. */
  readonly isTimeless?: boolean
}

interface Line {
  readonly label: string
  readonly span: SeenSpan
}

/** Spans of one trace as a text tree: what a person reads, and what a test compares. */
export function spanTree(spans: readonly SeenSpan[], { facts = [], isTimeless = false }: SpanTreeOptions = {}): string {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const roots = inOrder(spans.filter(({ parentId }) => !known.has(parentId)))
  const lines: Line[] = []
  for (const root of roots) addLines(lines, root, spans, '', '')
  const width = Math.max(...lines.map(({ label }) => label.length))
  const services = Math.max(...spans.map(({ service }) => service.length))
  const startMs = roots[0]?.startMs ?? 0
  return lines
    .map(({ label, span }) => {
      const times = isTimeless ? [] : [`${ms(span.startMs - startMs)} +${ms(span.endMs - span.startMs)}`]
      const shown = facts.filter((name) => span.facts[name] !== undefined).map((name) => `${name}=${String(span.facts[name])}`)
      const error = span.isError ? ['ERROR'] : []
      return [label.padEnd(width), span.service.padEnd(services), ...times, ...error, ...shown].join('  ').trimEnd()
    })
    .join('\n')
}

function addLines(lines: Line[], span: SeenSpan, spans: readonly SeenSpan[], first: string, rest: string): void {
  lines.push({ label: first + span.name, span })
  const children = inOrder(spans.filter(({ parentId }) => parentId === span.spanId))
  for (const [at, child] of children.entries()) {
    const isLast = at === children.length - 1
    addLines(lines, child, spans, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`)
  }
}

function inOrder(spans: readonly SeenSpan[]): SeenSpan[] {
  return spans.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
}

function ms(duration: number): string {
  return `${duration.toFixed(2)} ms`.padStart(10)
}
