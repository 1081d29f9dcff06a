import { normaliseDomain } from '@gatehouse/im-model'
import { z } from 'zod'

const file = z.string().min(1)

const application = z.strictObject({
  name: z.string().min(1).max(253).describe('What it calls itself; over TCP also the common name or first DNS name of its certificate.'),
  users: z.array(z.string().min(1).max(256)).min(1).max(1000).describe('Users of `domain` that it speaks for and gets the messages of.'),
})

export const gatewayConfig = z.strictObject({
  listen: z.string().min(1).describe('`unix:/path` (mode 0600: for programs of the same user) or `host:port` with mutual TLS.'),
  tls: z
    .strictObject({
      certFile: file.describe('PEM file: our certificate.'),
      keyFile: file.describe('PEM file: its private key.'),
      caFile: file.describe('PEM file: the authority that applications have their certificates from.'),
    })
    .optional()
    .describe('Needed for `host:port`.'),
  domain: z
    .string()
    .refine((text) => normaliseDomain(text) === text, 'not a domain in lower case')
    .describe('A domain of ours for applications; policy has it as `InternalDomain` with `homeSystem: gateway`.'),
  applications: z
    .array(application)
    .min(1)
    .max(1000)
    .superRefine((applications, context) => {
      const names = new Set<string>()
      const users = new Set<string>()
      for (const [at, { name, users: own }] of applications.entries()) {
        if (names.has(name)) context.addIssue({ code: 'custom', path: [at, 'name'], message: `a second application '${name}'` })
        names.add(name)
        for (const user of own) {
          const key = user.toLowerCase()
          if (users.has(key))
            context.addIssue({ code: 'custom', path: [at, 'users'], message: `'${user}' belongs to an application already` })
          users.add(key)
        }
      }
    }),
  maxUnconfirmed: z.int().min(1).max(100_000).default(1000).describe('Messages that one application may leave unconfirmed.'),
})

export type GatewayConfig = z.infer<typeof gatewayConfig>
