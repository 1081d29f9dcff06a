import type { DecidingObject } from '@gatehouse/proto'
import { indented } from './indented.ts'
import { printable, type Style } from './style.ts'

/** The object that decided: where it was written, and what it says. `revision`: the one that was asked. */
export function formatDeciding(deciding: DecidingObject | undefined, revision: bigint, style: Style): string {
  if (deciding === undefined || deciding.object === '') return ''
  const head = style.dim(`decided by ${printable(deciding.object)}${placeOf(deciding, revision)}`)
  return `\n${head}\n${indented(deciding.text.split('\n').map(printable).join('\n'))}`
}

function placeOf({ line, appliedFile, appliedLine, appliedRevision }: DecidingObject, revision: bigint): string {
  if (appliedFile !== '') return `, ${printable(appliedFile)}:${appliedLine} as applied with revision ${appliedRevision}`
  const since = appliedRevision === 0n ? '' : `, as it is since revision ${appliedRevision}`
  return line === 0 ? since : `${since}, line ${line} of gatehouse export --revision ${revision}`
}
