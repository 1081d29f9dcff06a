import { z } from 'zod'
import { roleNames } from './access/roles.ts'
import { directoryConfig } from './directory/directory-config.ts'
import { kubernetesConfig } from './kubernetes/kubernetes-config.ts'

const role = z.enum(roleNames as [(typeof roleNames)[number], ...(typeof roleNames)[number][]])

/** Configuration of the policy service; `docs/reference/config.md` is generated from it. */
export const policyConfig = z.strictObject({
  databaseFile: z.string().min(1).describe('SQLite file with every revision of the policy; its folder has to exist.'),
  postgres: z
    .strictObject({
      urlFile: z
        .string()
        .min(1)
        .describe('File with the connection string (`postgres://user:password@host/database?sslmode=verify-full`); it is a secret.'),
    })
    .optional()
    .describe(
      'Revisions and facts about users are kept in PostgreSQL instead of `databaseFile`: for several replicas, which share `signingKeyFile`.',
    ),
  access: z
    .array(
      z.strictObject({
        caller: z.string().min(1).max(300).describe('Common name of the client certificate, or else its first DNS name.'),
        role: role.describe('`admin`, `operator`, `block-only` or `auditor`.'),
      }),
    )
    .default([])
    .describe('Who may do what over TCP. A caller that is not listed is refused.'),
  localRole: role.default('admin').describe('Role of whoever may open the unix socket, which is its owner.'),
  signingKeyFile: z
    .string()
    .optional()
    .describe(
      'Ed25519 private key (PEM) that signs snapshots. Absent: databaseFile with .key; made at the first start (mode 0600), its public half as .key.pub.',
    ),
  archive: z
    .strictObject({
      target: z.string().min(1).describe('Control address of the archive service: host:port, or unix:/path on the same machine.'),
      tls: z
        .strictObject({
          certFile: z.string().describe('PEM file: certificate of the policy service; `archive.access` there lists its name as `replay`.'),
          keyFile: z.string().describe('PEM file: its private key.'),
          caFile: z.string().describe('PEM file: the authority of the archive’s control address.'),
        })
        .optional()
        .describe('Mutual TLS; needed for host:port.'),
      timeoutMs: z.number().int().min(100).default(10_000).describe('Longest wait for the answer to one question.'),
    })
    .optional()
    .describe(
      'Where archived messages are read for `explain --id`, `simulate` and `policy observed`. Absent: the archive of this process.',
    ),
  heartbeatMs: z
    .number()
    .int()
    .min(100)
    .default(30_000)
    .describe('How often replicas are told that the policy service lives; keep it well below their maxStalenessMs.'),
  directory: directoryConfig
    .optional()
    .describe(
      'LDAP or Active Directory that users and groups come from; they count once `UserSettings.lookUp` is on. Of several replicas one reads at a time, for all. Absent: none.',
    ),
  kubernetes: kubernetesConfig
    .optional()
    .describe('The policy is kept as custom resources in Kubernetes: this service takes it from there. Absent: not so.'),
})

export type PolicyConfig = z.infer<typeof policyConfig>
