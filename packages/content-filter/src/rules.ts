/** What happens to a message with a link. */
export type LinkAction = 'block' | 'neutralise' | 'warn' | 'off'

export interface LinkRules {
  readonly action: LinkAction
  /** Beyond the default list; each ends in `:`, `.` or `*.`. */
  readonly extraPrefixes: readonly string[]
  /** Links to single-label hosts and to `localDomains` do not count. */
  readonly ignoreLocal: boolean
  readonly localDomains: readonly string[]
  /** Put in front of a message with links: by `warn` always, by `neutralise` when given. Empty with `warn`: only files are looked for. */
  readonly warnText: string
  /** A link to a file whose extension is listed is blocked, whatever `action` says. */
  readonly blockExtensions: boolean
}

export interface FileRules {
  readonly action: 'blockList' | 'blockAll' | 'off'
  /** With the dot, lower case. */
  readonly extensions: readonly string[]
}

export interface PatternRule {
  readonly name: string
  /** RE2 syntax. */
  readonly pattern: string
  readonly action: 'block' | 'warn'
  /** `warn`: the notice put in front. `block`: for logs and proof. */
  readonly reason: string
}

/** One content filter as configured. */
export interface FilterRules {
  readonly links: LinkRules
  readonly files: FileRules
  readonly patterns: readonly PatternRule[]
}

/** Default prefix list of the LCS filter (lcs-edge §10). */
export const DEFAULT_PREFIXES: readonly string[] = [
  'callto:',
  'file:',
  'ftp.',
  'ftp:',
  'gopher:',
  'href',
  'http:',
  'https:',
  'ldap:',
  'mailto:',
  'news:',
  'nntp:',
  'sip:',
  'sips:',
  'tel:',
  'telnet:',
  'www*.',
]

const EXTENSION_WORDS =
  'ade adp app asp bas bat cer chm cmd com cpl crt csh exe fxp grp hlp hta inf ins isp its js jse ksh lnk mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msi msp mst ocx ops pcd pif pl pnp prf prg pst reg scf scr sct shb shs tmp url vb vbe vbs vsd vsmacros vss vst vsw ws wsc wsf wsh'

/** Default extensions of the LCS file filter (lcs-edge §10). */
export const DEFAULT_EXTENSIONS: readonly string[] = EXTENSION_WORDS.split(' ').map((word) => `.${word}`)

/** More links than this in one message block it, whatever the action (lcs-edge §10). */
export const MAX_LINKS = 1000
