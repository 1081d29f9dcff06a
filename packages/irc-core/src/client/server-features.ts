import { type CaseMapping, caseMappingOf } from '../text/case-mapping.ts'

const DEFAULT_LINE_BYTES = 512
const MAX_LINE_BYTES = 4096
/** The longest that servers use when they do not say. */
const DEFAULT_USER_LENGTH = 11
const DEFAULT_HOST_LENGTH = 63
const MOST_HISTORY = 100

/** What a server says of itself in 005 (ISUPPORT). */
export class ServerFeatures {
  network = ''
  caseMapping: CaseMapping = 'rfc1459'
  nickLength = 9
  lineBytes: number = DEFAULT_LINE_BYTES
  userLength: number = DEFAULT_USER_LENGTH
  hostLength: number = DEFAULT_HOST_LENGTH
  /** Nicks that MONITOR takes; 0: no MONITOR. */
  monitorLimit = 0
  channelPrefixes = '#&'
  hasWhox = false
  /** Bytes of an away message. */
  awayLength = 200
  /** Lines of history at once. */
  historyLimit: number = MOST_HISTORY
  /** Lines of history can be named by their ids. */
  knowsMessageIds = false

  /** `tokens`: the parameters of one 005 without our nick and the closing words. */
  learn(tokens: readonly string[]): void {
    for (const token of tokens) {
      const equals = token.indexOf('=')
      const name = equals < 0 ? token : token.slice(0, equals)
      const value = equals < 0 ? '' : token.slice(equals + 1)
      switch (name) {
        case 'NETWORK':
          this.network = value
          break
        case 'CASEMAPPING':
          this.caseMapping = caseMappingOf(value)
          break
        case 'NICKLEN':
          this.nickLength = within(value, 1, 512, this.nickLength)
          break
        case 'LINELEN':
          this.lineBytes = within(value, DEFAULT_LINE_BYTES, MAX_LINE_BYTES, DEFAULT_LINE_BYTES)
          break
        case 'USERLEN':
          this.userLength = within(value, 1, 64, DEFAULT_USER_LENGTH)
          break
        case 'HOSTLEN':
          this.hostLength = within(value, 1, 255, DEFAULT_HOST_LENGTH)
          break
        case 'MONITOR':
          this.monitorLimit = within(value, 1, 10_000, 100)
          break
        case 'CHANTYPES':
          this.channelPrefixes = value
          break
        case 'AWAYLEN':
          this.awayLength = within(value, 1, 400, 200)
          break
        case 'CHATHISTORY': // 0: the server sets no limit
          this.historyLimit = Math.min(MOST_HISTORY, within(value, 1, 10_000, MOST_HISTORY))
          break
        case 'MSGREFTYPES':
          this.knowsMessageIds = value.split(',').includes('msgid')
          break
        case 'WHOX':
          this.hasWhox = true
          break
      }
    }
  }

  /** Bytes of text in one PRIVMSG from `nick` to `target`, so that the server can put our source in front when it passes the line on. */
  textBytes(nick: string, target: string, command: string): number {
    const source = 1 + byteLength(nick) + 1 + this.userLength + 1 + this.hostLength + 1
    return this.lineBytes - source - command.length - 1 - byteLength(target) - 2 - 2
  }
}

function within(text: string, least: number, most: number, otherwise: number): number {
  const value = Number(text)
  return Number.isInteger(value) && value >= least && value <= most ? value : otherwise
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}
