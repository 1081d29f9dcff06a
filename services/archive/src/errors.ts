import type { GatewayError } from '@gatehouse/errors'
import { errorsOf } from '@gatehouse/errors'

/** What the archive service answers or throws. Those of the client side stand in packages/archive-client. */
export const archiveCodes = {
  'GH-ARCHIVE-ROLE': {
    summary: 'The caller may not do this with the archive.',
    remedy: 'List the name in its certificate under archive.access, with a role that includes the call.',
    retry: 'never',
    refusesCaller: true,
  },
  'GH-ARCHIVE-MALFORMED': {
    summary: 'A record is not an archive record, or lacks its id.',
    remedy: 'Run the same version of the archive and of the services that use it.',
    retry: 'never',
    sip: 503,
  },
  'GH-ARCHIVE-ID-REUSED': {
    summary: 'A different message was recorded under the same envelope id before; this one was refused.',
    remedy: 'Two replicas share a replica id or a random source is broken; see the log of the archive for both.',
    retry: 'never',
    sip: 503,
  },
  'GH-ARCHIVE-COMMIT': {
    summary: 'The archive could not commit; nothing of the batch was acknowledged.',
    remedy: 'Read the log of the archive service; it tries again by itself.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-DISK-FULL': {
    summary: 'The disk of the archive is full.',
    remedy: 'Free space or enlarge the volume; the archive goes on by itself.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-READ-ONLY': {
    summary: 'The file of the archive cannot be written.',
    remedy: 'Check owner, mode and mount options of the file and its folder.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-LOCKED': {
    summary: 'Another process holds the file of the archive.',
    remedy: 'Find the process that has the file open for writing; only one archive service may use it.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-CORRUPT': {
    summary: 'The file of the archive is damaged.',
    remedy: 'Stop the service, keep the file, restore from a backup and check it with `gatehouse archive verify`.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-CHAIN-BROKEN': {
    summary: 'The end of the log is not what was committed: records are missing or altered.',
    remedy: 'Keep the file as evidence, run `gatehouse archive verify`, restore from a backup.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-IO': {
    summary: 'The disk of the archive reported an error.',
    remedy: 'Check the disk and the system log; restore from a backup if the file is damaged.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-DATABASE': {
    summary: 'The PostgreSQL server of the archive cannot be reached, or refuses the connection.',
    remedy: 'Check archive.postgres.urlFile, the server and the way to it; the archive goes on by itself.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-NOT-DURABLE': {
    summary: 'PostgreSQL would say "committed" before it is on the disk, so the archive takes nothing.',
    remedy: 'Set synchronous_commit to on (or remote_apply) for the role and the database of the archive, and fsync to on.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-SCHEMA-NEWER': {
    summary: 'The file or database of the archive was written by a newer version.',
    remedy: 'Run that version or a later one.',
    retry: 'never',
  },
  'GH-ARCHIVE-KEY': {
    summary: 'The signing key of the archive cannot be used.',
    remedy: 'Give an Ed25519 private key in PEM (PKCS #8) that only the archive may read.',
    retry: 'never',
  },
  'GH-ARCHIVE-BUSY': {
    summary: 'More batches wait for the disk than may wait.',
    remedy: 'Look at the disk of the archive; it commits more slowly than messages arrive.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-STOPPING': {
    summary: 'The archive is starting or stopping.',
    remedy: 'Try again when it runs.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-THREAD': {
    summary: 'The thread that writes the archive ended; what it was given may have been committed all the same.',
    remedy: 'Read the log; a new thread is started by itself.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-QUERY': {
    summary: 'A question to the archive is malformed.',
    remedy: 'See the message for the field.',
    retry: 'never',
  },
  'GH-ARCHIVE-NOT-FOUND': {
    summary: 'The archive has no such message.',
    remedy: 'Check the id.',
    retry: 'never',
  },
  'GH-ARCHIVE-ENCRYPTION': {
    summary: 'Bodies cannot be encrypted or decrypted; while they cannot be encrypted the archive takes nothing.',
    remedy: 'Look at archive.encryption.keyFile: it must be readable and keep every key that still wraps body keys.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-HOLD': {
    summary: 'The hold cannot be set or released.',
    remedy: 'See the message; `gatehouse archive hold list` shows the holds.',
    retry: 'never',
  },
  'GH-ARCHIVE-UNPROVABLE': {
    summary: 'No signed tree covers the record, so there is no proof for it alone.',
    remedy: 'Records from before version 0.2 have none: export the log and check it with `gatehouse archive verify`.',
    retry: 'never',
  },
  'GH-ARCHIVE-CHECKPOINT-STORE': {
    summary: 'The second place for checkpoints cannot be used.',
    remedy: 'See the message: the store must be reachable, the bucket must have object lock, the key must be allowed to put.',
    retry: 'later',
  },
  'GH-ARCHIVE-ACCESS-UNRECORDED': {
    summary: 'Reading is refused because the access could not be recorded.',
    remedy: 'Bring the archive back to accepting records first.',
    retry: 'later',
  },
} as const

export type ArchiveCode = keyof typeof archiveCodes

type Options = { cause?: unknown; facts?: Record<string, string | number | boolean> }

export const archiveError: (code: ArchiveCode, detail?: string, options?: Options) => GatewayError = errorsOf(archiveCodes)
