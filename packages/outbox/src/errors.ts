import type { CodeTable } from '@gatehouse/errors'

/** What the outbox answers, and what stands in the archive about messages that waited. */
export const outboxCodes = {
  'GH-OUTBOX-QUEUED': {
    summary: 'The destination is away; the message waits for it.',
    remedy: 'None needed. `gatehouse outbox list` shows what waits, and why.',
    retry: 'never',
    sip: 202,
  },
  'GH-OUTBOX-DELIVERED': {
    summary: 'The message waited and was delivered.',
    remedy: 'None needed.',
    retry: 'never',
    sip: 200,
  },
  'GH-OUTBOX-FULL': {
    summary: 'As many messages wait for this destination as may.',
    remedy: 'Find out why the destination is away (`gatehouse peers`), or raise `outbox.maxPerDestination`.',
    retry: 'later',
    sip: 503,
    diagnostics: 1007,
  },
  'GH-OUTBOX-AWAY': {
    summary: 'The destination is away, and the outbox could not take the message either.',
    remedy: 'Look at the bus and its disk: the detail says what failed.',
    retry: 'later',
    sip: 503,
    diagnostics: 1007,
  },
  'GH-OUTBOX-EXPIRED': {
    summary: 'The destination was away for longer than the message may wait.',
    remedy: 'Send it again when the destination is back; `queue.maxAgeMinutes` in the policy says how long messages wait.',
    retry: 'later',
    sip: 480,
    diagnostics: 1034,
  },
  'GH-OUTBOX-UNCERTAIN': {
    summary: 'An attempt to deliver the message broke off, and nobody knows whether it arrived.',
    remedy: 'Ask the recipient before sending again. With `queue.uncertain: retry` the gate sends again by itself.',
    retry: 'never',
    sip: 504,
    diagnostics: 1034,
  },
  'GH-OUTBOX-DROPPED': {
    summary: 'An operator gave the message up.',
    remedy: 'Send it again if it still matters.',
    retry: 'later',
    sip: 480,
  },
  'GH-OUTBOX-UNREADABLE': {
    summary: 'What waited cannot be read: another version wrote it, or the store is damaged.',
    remedy: 'Run the version that wrote it; `gatehouse outbox drop` takes it out.',
    retry: 'never',
    sip: 500,
  },
} as const satisfies CodeTable

export type OutboxCode = keyof typeof outboxCodes
