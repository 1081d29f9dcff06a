import { errorsOf, type GatewayError } from '@gatehouse/errors'

/** What can go wrong between us and the directory. None of it removes a user. */
export const directoryCodes = {
  'GH-DIRECTORY-OFF': {
    summary: 'No directory is configured.',
    remedy: 'Write `policy.directory` into the bootstrap configuration, or import a file with `gatehouse users import`.',
    retry: 'never',
  },
  'GH-DIRECTORY-BUSY': {
    summary: 'Another replica of the policy service reads the directory.',
    remedy: 'Wait for its pass to end; what it reads counts here too.',
    retry: 'later',
  },
  'GH-DIRECTORY-AWAY': {
    summary: 'The directory did not answer to the end; what is known of users stays as it is.',
    remedy: 'Check address, certificate and load of the server; the next pass tries again.',
    retry: 'later',
  },
  'GH-DIRECTORY-CREDENTIALS': {
    summary: 'The directory does not take our name and password.',
    remedy: 'Check `policy.directory.bindDn` and the file of its password.',
    retry: 'never',
  },
  'GH-DIRECTORY-SETTINGS': {
    summary: 'The directory cannot be used as it is configured.',
    remedy: 'Correct the key of `policy.directory` that is named.',
    retry: 'never',
  },
  'GH-DIRECTORY-TOO-MUCH': {
    summary: 'The directory sends more than is allowed for.',
    remedy: 'Narrow base or filter, or raise the limit that is named.',
    retry: 'never',
  },
} as const

export const directoryError: (
  code: keyof typeof directoryCodes,
  detail?: string,
  options?: { cause?: unknown; facts?: Record<string, string | number | boolean> },
) => GatewayError = errorsOf(directoryCodes)
