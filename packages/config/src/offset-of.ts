import type { Document, Node } from 'yaml'
import { isMap, isScalar } from 'yaml'
import type { Finding } from './explain-issue.ts'

/** Where a finding stands: its key or value; for something missing, the nearest thing above that is there. */
export function offsetOf(document: Document.Parsed, finding: Finding): number {
  let node: Node | null = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const [index, step] of finding.path.entries()) {
    const isLast = index === finding.path.length - 1
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
      if (pair === undefined) return offset
      const key = pair.key as Node
      const child = pair.value as Node | null
      offset = (isLast && finding.isAboutKey) || !isScalar(child) ? (key.range?.[0] ?? offset) : (child.range?.[0] ?? offset)
      node = child
    } else {
      const child = document.getIn(finding.path.slice(0, index + 1), true) as Node | undefined
      if (child?.range === undefined) return offset
      offset = child.range?.[0] ?? offset
      node = child
    }
  }
  return offset
}
