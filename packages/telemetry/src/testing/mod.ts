export { CollectedSpans, type CollectOptions } from './collected-spans.ts'
export type { SeenSpan } from './seen-span.ts'
export { type SpanTreeOptions, spanTree } from './span-tree.ts'
