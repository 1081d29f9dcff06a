/** Why a replica does not take a snapshot. What was in force stays in force. */
export const followCodes = {
  'GH-SNAPSHOT-MALFORMED': {
    summary: 'What stands in the policy bucket is no signed snapshot.',
    remedy: 'See who else may write to the bus; the policy service writes it again with its next revision.',
    retry: 'never',
  },
  'GH-SNAPSHOT-FOREIGN': {
    summary: 'The snapshot is signed with a key that this replica does not trust.',
    remedy: 'Configure the public key of the policy service, or find out who signed it.',
    retry: 'never',
  },
  'GH-SNAPSHOT-SIGNATURE': {
    summary: 'The signature does not fit the snapshot: it was changed after signing.',
    remedy: 'Find out who may write to the bus; apply the policy again to replace it.',
    retry: 'never',
  },
  'GH-SNAPSHOT-OLDER': {
    summary: 'The snapshot is older than the one in force.',
    remedy: 'None if the policy service was restored from a backup: apply once more there, or restart the replica.',
    retry: 'never',
  },
  'GH-SNAPSHOT-UNREADABLE': {
    summary: 'The snapshot is properly signed, but this version does not understand it.',
    remedy: 'Update this replica to the version of the policy service.',
    retry: 'never',
  },
  'GH-SNAPSHOT-INCOMPLETE': {
    summary: 'Parts of the snapshot have not arrived.',
    remedy:
      'None if it passes: the policy service writes missing parts again with its next heartbeat. If not, see who else may write to the bus.',
    retry: 'later',
  },
  'GH-SNAPSHOT-KEY': {
    summary: 'The public key that snapshots are signed with cannot be read.',
    remedy: 'Configure the PEM file that the policy service writes beside its signing key (`.pub`).',
    retry: 'never',
  },
  'GH-CLOCK-SKEW': {
    summary: 'The clocks of this machine and of the policy service are more than ten seconds apart.',
    remedy:
      'Let both follow the same time servers (chrony, systemd-timesyncd); until then certificates, budgets and archive times are off.',
    retry: 'later',
  },
} as const

export type FollowCode = keyof typeof followCodes
