import { errorsOf, type GatewayError } from '@gatehouse/errors'

/** What the policy service refuses or cannot do; verdicts on messages have the codes of policy-engine. */
export const policyServiceCodes = {
  'GH-REVISION-CONFLICT': {
    summary: 'The revision in force is not the one that the change was made for.',
    remedy: 'Export the policy again, make the change there, and apply that.',
    retry: 'never',
  },
  'GH-REVISION-UNKNOWN': {
    summary: 'There is no such revision.',
    remedy: 'See `gatehouse history` for the revisions there are.',
    retry: 'never',
  },
  'GH-REVISION-OBJECT': {
    summary: 'What is to be deleted is not in force.',
    remedy: 'See `gatehouse export` for the objects there are; a block entry on a domain above covers it too and goes by that name.',
    retry: 'never',
  },
  'GH-REVISION-PRESET': {
    summary: 'There is no such preset.',
    remedy: 'Choose closed, partners-only or open.',
    retry: 'never',
  },
  'GH-REVISION-CLUSTER': {
    summary: 'Objects of this kind are kept in Kubernetes, and are changed there only.',
    remedy:
      'Change them with kubectl or in the repository that is applied; to change a kind here, leave it out of policy.kubernetes.kinds.',
    retry: 'never',
  },
  'GH-REVISION-BEHIND': {
    summary: 'The bus carries a newer revision than the database: the database was restored from a backup.',
    remedy:
      'Replicas keep the newer one. Apply until the revision passes it, or delete key `snapshot` of the policy bucket and restart the replicas.',
    retry: 'never',
  },
  'GH-ACCESS-UNKNOWN': {
    summary: 'The caller has no role here.',
    remedy: 'List the name in its certificate, with a role, under policy.access.',
    retry: 'never',
    refusesCaller: true,
  },
  'GH-ACCESS-ROLE': {
    summary: 'The role of the caller does not allow this.',
    remedy: 'Ask somebody with the role admin, or have the role changed under policy.access.',
    retry: 'never',
    refusesCaller: true,
  },
  'GH-REVISION-STORE': {
    summary: 'The policy database cannot be used.',
    remedy: 'Check that the folder exists, is writable and has space, or that PostgreSQL answers, and that no newer version wrote it.',
    retry: 'later',
  },
  'GH-REVISION-THREAD': {
    summary: 'The thread that makes revisions ended; the change may have been made.',
    remedy: 'See `gatehouse history`, then try again; the log says why, mostly too little memory for the policy.',
    retry: 'later',
  },
  'GH-REVISION-SIZE': {
    summary: 'The documents are larger than this service takes.',
    remedy: 'Apply them in several steps without prune; users belong into an import, not into the policy.',
    retry: 'never',
  },
  'GH-REVISION-URL': {
    summary: 'The file with the address of the policy database cannot be read.',
    remedy: 'Check policy.postgres.urlFile, that the secret is mounted there, and that this user may read it.',
    retry: 'never',
  },
  'GH-REVISION-KEY': {
    summary: 'The key that signs snapshots cannot be used.',
    remedy: 'Point policy.signingKeyFile at an Ed25519 private key (PEM) that this process may read.',
    retry: 'never',
  },
  'GH-REVISION-QUESTION': {
    summary: 'The question is about no message that could exist.',
    remedy: 'Give sender and recipient as user@domain.',
    retry: 'never',
  },
  'GH-REVISION-NO-ARCHIVE': {
    summary: 'The archive that holds the messages cannot be read from here.',
    remedy:
      'Name its address in policy.archive, list the policy service there in archive.access as replay, and see that the archive is healthy.',
    retry: 'later',
  },
  'GH-REVISION-FILES': {
    summary: 'There is nothing to apply.',
    remedy: 'Send at least one file; to empty the policy, send an empty one with prune.',
    retry: 'never',
  },
} as const

export const policyError: (
  code: keyof typeof policyServiceCodes,
  detail?: string,
  options?: { cause?: unknown; facts?: Record<string, string | number | boolean> },
) => GatewayError = errorsOf(policyServiceCodes)
