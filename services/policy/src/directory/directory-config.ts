import { z } from 'zod'

const attribute = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,100}$/, 'write the name of an attribute')
const seconds = z
  .number()
  .int()
  .min(1)
  .max(86_400 * 30)

/** Where users and groups come from; `policy.directory` of the bootstrap configuration. */
export const directoryConfig = z.strictObject({
  url: z
    .string()
    .regex(/^ldaps?:\/\/[^/\s]+$/, "write 'ldaps://host' or 'ldap://host:port'")
    .describe('LDAP server. With `changed: uSNChanged` name one server, as every domain controller counts for itself.'),
  startTls: z.boolean().default(false).describe('Encrypt an `ldap://` connection before anything else is said (RFC 4511 §4.14).'),
  caFile: z.string().optional().describe('PEM file with the authority of its certificate. Absent: those of the system.'),
  serverName: z.string().optional().describe('Name in its certificate. Absent: the host of `url`.'),
  bindDn: z.string().optional().describe('Account that reads the directory. Absent: anonymous.'),
  bindPasswordFile: z.string().optional().describe('File with its password; sent over TLS or loopback only.'),
  base: z.string().min(1).describe('Where users and groups are looked for, with everything below.'),
  users: z
    .strictObject({
      base: z.string().optional().describe('Another base for users.'),
      filter: z
        .string()
        .default('(&(objectClass=inetOrgPerson)(mail=*))')
        .describe('Which entries are users. AD: `(&(objectCategory=person)(objectClass=user)(proxyAddresses=sip:*))`.'),
      address: attribute
        .default('mail')
        .describe('Attribute with user@domain, with or without `sip:`; every value is one address. AD: `proxyAddresses`.'),
      federation: attribute.optional().describe('Attribute with TRUE or FALSE: may federate. LCS: `msRTCSIP-FederationEnabled`.'),
      publicIm: attribute.optional().describe('Attribute with TRUE or FALSE: may use public networks.'),
      remote: attribute
        .optional()
        .describe('Attribute with TRUE or FALSE: may sign in from outside. LCS: `msRTCSIP-InternetAccessEnabled`.'),
      contacts: attribute.optional().describe('Attribute with contacts as user@domain, with or without `sip:`.'),
      memberOf: attribute.default('memberOf').describe('Attribute with the groups an entry is in; used where it is there.'),
    })
    .prefault({})
    .describe('Users and what is read of them.'),
  groups: z
    .strictObject({
      base: z.string().optional().describe('Another base for groups.'),
      filter: z
        .string()
        .default('(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=group))')
        .describe('Which entries are groups.'),
      member: z
        .array(attribute)
        .max(5)
        .default(['member', 'uniqueMember'])
        .describe('Attributes with the distinguished names of members; groups may be members.'),
    })
    .prefault({})
    .describe('Groups. A group is known to policy by its distinguished name (`Group.directoryGroup`).'),
  changed: z
    .enum(['modifyTimestamp', 'uSNChanged', 'whenChanged'])
    .default('modifyTimestamp')
    .describe('Attribute by which changed entries are found between full passes. AD: `uSNChanged`.'),
  everyS: seconds.default(60).describe('How often changed entries are asked for.'),
  fullEveryS: seconds.default(3_600).describe('How often everything is read; only a full pass, read to its end, removes users.'),
  pageSize: z.number().int().min(1).max(10_000).default(500).describe('Entries of one page (RFC 2696).'),
  timeoutMs: z.number().int().min(100).default(15_000).describe('Longest wait for a connection and for each page.'),
  maxPassMs: z.number().int().min(1_000).default(1_800_000).describe('Longest pass; then it counts as failed.'),
  maxUsers: z.number().int().min(1).default(2_000_000).describe('More user entries than this fail the pass.'),
  maxGroups: z.number().int().min(1).default(100_000).describe('More groups than this fail the pass.'),
  maxPageBytes: z.number().int().min(65_536).default(134_217_728).describe('A page that is larger fails the pass.'),
  maxDropPercent: z
    .number()
    .min(0)
    .max(100)
    .default(10)
    .describe(
      'A full pass that would remove a larger share of users or memberships removes none and is an alarm. Up to five may always go.',
    ),
})

export type DirectoryConfig = z.infer<typeof directoryConfig>
