import type { CompiledFilter } from './compile-filter.ts'
import { NOTICE_MARK, type Reading } from './reading.ts'
import { MAX_LINKS } from './rules.ts'
import { applyEdits, type Edit } from './text/edits.ts'
import { LinkRun } from './text/extension-marks.ts'
import { type FoundLink, findLinks } from './text/find-links.ts'
import { decodePercents, foldView } from './text/fold-view.ts'
import { isCleanEnd, isLocalAuthority } from './text/local-zone.ts'
import { endOf, startOf, type TextView } from './text/text-view.ts'

/** All links of one text, from all its views; each place counts once. */
export interface LinkScan {
  /** Places in the source where an underscore makes a link harmless. */
  readonly places: ReadonlySet<number>
  /** The prefix of the first link. */
  readonly prefix: string
  /** The listed extension that one of them leads to; empty: none. */
  readonly extension: string
  readonly steps: number
}

const LOCAL_ADDRESS = /^(?:https?|ftp|file):\/\/([^/?#\s"<>]*)/i
const MAX_NOTICE = 65_535

export function scanLinks(reading: Reading, filter: CompiledFilter): LinkScan {
  const search = reading.handled === undefined ? filter.search : { ...filter.search, skip: reading.handled }
  const scan = { places: new Set<number>(), prefix: '', extension: '', steps: 0 }
  const take = (link: FoundLink): void => {
    scan.places.add(link.at)
    if (scan.prefix === '') scan.prefix = link.prefix
    if (scan.extension === '') scan.extension = link.extension
  }
  for (const { at, target, name } of reading.marked) {
    scan.steps += target.text.length
    if (scan.places.size > MAX_LINKS) break
    const extension = markedExtension(target, filter)
    if (extension !== undefined) take({ at, prefix: name, extension })
  }
  for (const view of reading.views) {
    if (scan.places.size > MAX_LINKS) break
    const folded = foldView(view)
    const decoded = decodePercents(folded)
    scan.steps += view.text.length
    for (const each of decoded === undefined ? [folded] : [folded, decoded]) {
      const { links, steps } = findLinks(each, search, MAX_LINKS)
      scan.steps += steps
      for (const link of links) take(link)
    }
  }
  return scan
}

/** Extension of the file a marked link leads to, empty when none is listed; undefined: the link is local and does not count. */
function markedExtension(target: TextView, filter: CompiledFilter): string | undefined {
  const { ignoreLocal, localDomains, extensions } = filter.search
  const folded = foldView(target)
  let extension = ''
  for (const { text } of [folded, decodePercents(folded) ?? folded]) {
    const address = text.trim()
    const local = LOCAL_ADDRESS.exec(address)
    if (ignoreLocal && local !== null) {
      const isLocal = isCleanEnd(address, local[0].length, address.lastIndexOf('@')) && isLocalAuthority(local[1] as string, localDomains)
      if (isLocal && text === folded.text && !address.includes('%')) return undefined
    }
    const run = LinkRun.at(address, 0, extensions)
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(address)?.[0]
    const slashes = scheme === undefined ? 0 : scheme.length + (address.startsWith('//', scheme.length) ? 2 : 0)
    const isOpaque = scheme !== undefined && slashes === scheme.length && !/^(https?|ftp|file):$/i.test(scheme)
    const pathStart = slashes > (scheme?.length ?? 0) ? run.authorityEnd(slashes) : 0
    if (!isOpaque && run.lastListed >= pathStart && run.lastListed >= 0) extension = run.extension
  }
  return extension
}

/** The source with an underscore at each place. */
export function neutralise(source: string, places: ReadonlySet<number>): string {
  return applyEdits(
    source,
    [...places].map((at) => ({ from: at, to: at, text: '_' })),
  )
}

/** The source with the notice in front, in place of one that an earlier gate put there. */
export function withNotice(reading: Reading, notice: string): string {
  const edits: Edit[] = []
  const earlier = earlierNotice(reading)
  if (earlier !== undefined) edits.push(earlier)
  const at = reading.noticeAt
  edits.push({ from: at, to: at, text: reading.encodeNotice(notice) })
  return applyEdits(reading.source, edits)
}

/** Only in front of all visible text: elsewhere taking it out could join what its sender had kept apart. */
function earlierNotice(reading: Reading): Edit | undefined {
  const { visible } = reading
  const open = visible.text.indexOf(NOTICE_MARK)
  if (open < 0) return undefined
  const isFront = reading.frontAt === undefined ? visible.text.slice(0, open).trim() === '' : startOf(visible, open) === reading.frontAt
  if (!isFront) return undefined
  const close = visible.text.indexOf(NOTICE_MARK, open + NOTICE_MARK.length)
  if (close < 0 || close - open > MAX_NOTICE) return undefined
  const last = close + NOTICE_MARK.length - 1
  let to = endOf(visible, last)
  if (visible.starts === undefined) {
    if (reading.source[to] === '\r') to++
    if (reading.source[to] === '\n') to++
  }
  return { from: startOf(visible, open), to, text: '' }
}
