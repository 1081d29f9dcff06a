import { isAlphanumeric } from '../text/characters.ts'

/** The named references that can take part in a link or hide one; all others stand for characters no link has (HTML §13.5). */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['Tab', '\t'],
  ['NewLine', '\n'],
  ['excl', '!'],
  ['quot', '"'],
  ['QUOT', '"'],
  ['num', '#'],
  ['dollar', '$'],
  ['percnt', '%'],
  ['amp', '&'],
  ['AMP', '&'],
  ['apos', "'"],
  ['lpar', '('],
  ['rpar', ')'],
  ['ast', '*'],
  ['midast', '*'],
  ['plus', '+'],
  ['comma', ','],
  ['period', '.'],
  ['sol', '/'],
  ['colon', ':'],
  ['semi', ';'],
  ['lt', '<'],
  ['LT', '<'],
  ['equals', '='],
  ['gt', '>'],
  ['GT', '>'],
  ['quest', '?'],
  ['commat', '@'],
  ['lsqb', '['],
  ['lbrack', '['],
  ['bsol', '\\'],
  ['rsqb', ']'],
  ['rbrack', ']'],
  ['lowbar', '_'],
  ['UnderBar', '_'],
  ['nbsp', ' '],
  ['shy', '\u00ad'],
  ['zwnj', '\u200c'],
  ['zwj', '\u200d'],
  ['lrm', '\u200e'],
  ['rlm', '\u200f'],
  ['ZeroWidthSpace', '\u200b'],
  ['NegativeThinSpace', '\u200b'],
  ['NegativeMediumSpace', '\u200b'],
  ['NegativeThickSpace', '\u200b'],
  ['NegativeVeryThinSpace', '\u200b'],
  ['NoBreak', '\u2060'],
  ['ApplyFunction', '\u2061'],
  ['af', '\u2061'],
  ['InvisibleTimes', '\u2062'],
  ['it', '\u2062'],
  ['InvisibleComma', '\u2063'],
  ['ic', '\u2063'],
  ['fflig', 'ff'],
  ['filig', 'fi'],
  ['fjlig', 'fj'],
  ['fllig', 'fl'],
  ['ffilig', 'ffi'],
  ['ffllig', 'ffl'],
  ['ratio', ':'],
])

/** Letters of other alphabets of mathematics (`&hscr;`, `&tfr;`, `&popf;`), which fold to the plain ones. */
const MATHEMATICAL = /^([A-Za-z])(?:scr|opf|fr)$/
/** References that browsers read without their semicolon. */
const WITHOUT_SEMICOLON: readonly string[] = ['quot', 'QUOT', 'amp', 'AMP', 'lt', 'LT', 'gt', 'GT', 'nbsp', 'shy']
const LONGEST_NAME = 32

export interface Entity {
  readonly text: string
  /** Index after the reference. */
  readonly end: number
}

/** The reference that begins at the `&` at `at`; undefined: it is an ordinary ampersand. */
export function entityAt(source: string, at: number): Entity | undefined {
  return source.charCodeAt(at + 1) === 0x23 ? numericAt(source, at + 2) : namedAt(source, at + 1)
}

function numericAt(source: string, from: number): Entity | undefined {
  const isHex = (source.charCodeAt(from) | 0x20) === 0x78
  const first = isHex ? from + 1 : from
  let at = first
  let codePoint = 0
  for (; at < source.length; at++) {
    const digit = Number.parseInt(source[at] as string, isHex ? 16 : 10)
    if (Number.isNaN(digit)) break
    codePoint = Math.min(codePoint * (isHex ? 16 : 10) + digit, 0x110000)
  }
  if (at === first) return undefined
  const end = source.charCodeAt(at) === 0x3b ? at + 1 : at
  const isCharacter = codePoint > 0 && codePoint < 0x110000 && !(codePoint >= 0xd800 && codePoint < 0xe000)
  return { text: isCharacter ? String.fromCodePoint(codePoint) : '\ufffd', end }
}

function namedAt(source: string, from: number): Entity | undefined {
  let at = from
  while (at < source.length && at - from < LONGEST_NAME && isAlphanumeric(source.charCodeAt(at))) at++
  const name = source.slice(from, at)
  if (source.charCodeAt(at) === 0x3b) {
    const text = NAMED.get(name) ?? MATHEMATICAL.exec(name)?.[1]
    if (text !== undefined) return { text, end: at + 1 }
  }
  const legacy = WITHOUT_SEMICOLON.find((each) => name.startsWith(each))
  return legacy === undefined ? undefined : { text: NAMED.get(legacy) as string, end: from + legacy.length }
}
