import type { CodeTable } from '@gatehouse/errors'

/** What stands at the beginning of the `detail` of SRV evidence that is not `found`, and of address failures. */
export const resolveCodes = {
  'GH-RESOLVE-NAME': {
    summary: 'The text is not a DNS name.',
    remedy: 'Correct the domain; somebody may be probing.',
    retry: 'never',
  },
  'GH-RESOLVE-NONE': {
    summary: 'DNS answers that there is no such record.',
    remedy: 'The owner of the domain has to publish it.',
    retry: 'later',
  },
  'GH-RESOLVE-UNUSABLE': {
    summary: 'DNS answers with records that cannot be used.',
    remedy: 'The owner of the domain has to correct host or port of the record; a target of "." says that there is no service.',
    retry: 'later',
  },
  'GH-RESOLVE-TIMEOUT': {
    summary: 'The name server does not answer in time.',
    remedy: 'Look at the name servers in the configuration, and at the domain in question.',
    retry: 'later',
  },
  'GH-RESOLVE-FAILED': {
    summary: 'The name server answers with an error.',
    remedy: 'Look at the name servers in the configuration, and at the domain in question (DNSSEC faults show as SERVFAIL).',
    retry: 'later',
  },
  'GH-RESOLVE-BUSY': {
    summary: 'Too many lookups are under way.',
    remedy: 'Usually many unknown domains at once, or a dead name server.',
    retry: 'later',
  },
} as const

resolveCodes satisfies CodeTable

export type ResolveCode = keyof typeof resolveCodes
