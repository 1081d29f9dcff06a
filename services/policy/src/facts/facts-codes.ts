import { errorsOf, type GatewayError } from '@gatehouse/errors'

/** What the facts service refuses or cannot do. */
export const factsCodes = {
  'GH-FACTS-STORE': {
    summary: 'The facts about users cannot be read or written.',
    remedy: 'Check that the policy database is writable, has space, and that no newer version wrote it.',
    retry: 'later',
  },
  'GH-FACTS-ADDRESS': {
    summary: 'That is no user@domain.',
    remedy: 'Write the address of the user, without scheme.',
    retry: 'never',
  },
  'GH-FACTS-IMPORT': {
    summary: 'The batches of the import do not belong together.',
    remedy: 'Begin the import again; another one may be under way, or the service was restarted in between.',
    retry: 'later',
  },
  'GH-FACTS-DROP': {
    summary: 'More users, groups or memberships would be removed than is plausible, so none are.',
    remedy:
      'Check the source. If the drop is real, repeat with the share allowed (import) or with `gatehouse directory sync --accept-drop`.',
    retry: 'never',
  },
} as const

export const factsError: (
  code: keyof typeof factsCodes,
  detail?: string,
  options?: { cause?: unknown; facts?: Record<string, string | number | boolean> },
) => GatewayError = errorsOf(factsCodes)
