import { NOTICE_MARK, type Reading } from './reading.ts'
import { plainView } from './text/text-view.ts'

const NONE: readonly never[] = []

/** text/plain, and every text type that is shown as it is. */
export function readPlain(source: string): Reading {
  const view = plainView(source)
  return {
    source,
    views: [view],
    marked: NONE,
    handled: undefined,
    visible: view,
    noticeAt: source.startsWith('\ufeff') ? 1 : 0,
    encodeNotice: encodePlainNotice,
  }
}

function encodePlainNotice(notice: string): string {
  return `${NOTICE_MARK}${notice}${NOTICE_MARK}\r\n`
}
