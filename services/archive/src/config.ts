import { z } from 'zod'
import { archiveRoleNames } from './access/archive-roles.ts'

const retentionDays = z.number().int().min(0).optional()
const millis = z.number().int().min(1)

/** Configuration of the archive service; `docs/reference/config.md` is generated from it. */
export const archiveConfig = z.strictObject({
  databaseFile: z
    .string()
    .min(1)
    .describe(
      'SQLite file of the log; its folder has to exist. The WAL lies beside it, and so does the index, which is made again when it is lost.',
    ),
  postgres: z
    .strictObject({
      urlFile: z
        .string()
        .min(1)
        .describe('File with the connection string (`postgres://user:password@host/database?sslmode=verify-full`); it is a secret.'),
      lockTimeoutMs: millis.default(5_000).describe('How long a commit waits for another replica that appends.'),
    })
    .optional()
    .describe(
      'The log is kept in PostgreSQL instead of `databaseFile`: for several replicas, which share `signingKeyFile` and `encryption.keyFile`.',
    ),
  signingKeyFile: z
    .string()
    .optional()
    .describe(
      'Ed25519 private key (PEM) that signs checkpoints. Absent: databaseFile with .key; made at the first start, its public half as .key.pub.',
    ),
  commitThread: z
    .enum(['own', 'same'])
    .default('own')
    .describe(
      'own: commits run in a thread of their own. same: in the event loop, which waits for the disk; less CPU for an archive that runs alone.',
    ),
  busyTimeoutMs: millis.default(1_000).describe('How long a commit waits while another process, such as a backup, holds the file.'),
  maxBytes: z
    .number()
    .int()
    .min(1_048_576)
    .optional()
    .describe('The log file may not grow beyond it: room left on a disk shared with others. Absent: as far as the disk goes.'),
  maxPendingBytes: z
    .number()
    .int()
    .min(1_048_576)
    .default(67_108_864)
    .describe('Bytes of records that may wait for the disk; above it batches are refused.'),
  encryption: z
    .strictObject({
      keyFile: z
        .string()
        .min(1)
        .describe(
          'Key-encryption keys, `id base64` per line, the last one current; `gatehouse archive key` adds one. Keep it apart from backups.',
        ),
    })
    .optional()
    .describe(
      'Bodies are kept encrypted, with a key per internal user and day in databaseFile with .keys. Needed for erasure and retention.',
    ),
  retention: z
    .strictObject({
      days: retentionDays.describe('How long bodies are kept. Absent: for ever.'),
      classes: z
        .strictObject({
          federation: retentionDays.describe('With federated partners.'),
          publicNetworks: retentionDays.describe('With public networks.'),
          internal: retentionDays.describe('Within the organisation.'),
        })
        .prefault({})
        .describe('Instead of `days`, by class.'),
      users: z
        .array(z.strictObject({ user: z.string().min(3).describe('Internal user.'), days: z.number().int().min(0).describe('Days.') }))
        .default([])
        .describe('Instead of both, by internal user.'),
    })
    .prefault({})
    .describe('When bodies expire: their keys are destroyed, the record and its proof stay. A hold beats it. Needs `encryption`.'),
  access: z
    .array(
      z.strictObject({
        caller: z.string().min(1).max(300).describe('Common name of the client certificate, or else its first DNS name.'),
        role: z.enum(archiveRoleNames).describe('`admin`, `reader` or `replay`.'),
      }),
    )
    .default([])
    .describe(
      'Who may do what over TCP; a caller that is not listed is refused, and so is everybody when it is empty. The unix socket belongs to its owner, who may do everything.',
    ),
  checkpoint: z
    .strictObject({
      everyRecords: z.number().int().min(1).default(10_000).describe('A signed checkpoint after so many records.'),
      everyMs: millis.default(60_000).describe('And after so long, when there were records.'),
      file: z
        .string()
        .optional()
        .describe('Second place for checkpoints (JSON lines), best on a disk that whoever can alter the database cannot alter.'),
      s3: z
        .strictObject({
          endpoint: z.url({ protocol: /^https?$/ }).describe('Address of the S3 service; the bucket is named in the path.'),
          region: z.string().min(1).default('us-east-1').describe('Region that requests are signed for.'),
          bucket: z.string().min(3).max(63).describe('Bucket with object lock; without it the archive does not start.'),
          prefix: z.string().default('gatehouse/').describe('Before the name of each object.'),
          credentialsFile: z.string().describe('File with access key id, secret and, if temporary, session token: one per line.'),
          retentionDays: z.number().int().min(1).default(3650).describe('How long nobody can remove a checkpoint.'),
          retentionMode: z.enum(['COMPLIANCE', 'GOVERNANCE']).default('COMPLIANCE').describe('Object lock mode.'),
          timeoutMs: millis.default(10_000).describe('Longest wait for an answer.'),
        })
        .optional()
        .describe('Second place for checkpoints that cannot be altered at all: S3-compatible with object lock.'),
    })
    .prefault({}),
})

export type ArchiveConfig = z.infer<typeof archiveConfig>
