import { DEFAULT_EXTENSIONS } from './rules.ts'

/**
 * What a content filter does where the document does not say: places to start from, as data. `lcs-default` is the Intelligent IM
 * Filter as it was installed (lcs-edge §10): links of the built-in prefix list become plain text, those of the intranet zone do not
 * count, a link to a listed kind of file and an offer of one are refused.
 */
export const filterPresets = {
  'lcs-default': {
    links: { action: 'neutralise', extraPrefixes: [], ignoreLocal: true, localDomains: [], warnText: '', blockExtensions: true },
    files: { action: 'blockList', extensions: DEFAULT_EXTENSIONS },
  },
} as const

export type FilterPreset = keyof typeof filterPresets
