import { errorsOf, type GatewayError } from '@gatehouse/errors'

/** What can be wrong with an export of LCS settings. Properties without a place here are reported, not refused. */
export const lcsCodes = {
  'GH-LCS-XML': {
    summary: 'The file is not XML, or more than an export of settings needs to be.',
    remedy: 'Use the file as LcsCmd or `gatehouse export-lcs` wrote it: no DTD, no entities, at most 16 MiB.',
    retry: 'never',
  },
  'GH-LCS-EMPTY': {
    summary: 'The file holds no settings.',
    remedy: 'Look for elements `property name="…"` in it; export once more if there are none.',
    retry: 'never',
  },
} as const

export const lcsError: (code: keyof typeof lcsCodes, detail?: string) => GatewayError = errorsOf(lcsCodes)
