import { z } from 'zod'

/** Section `inspection` of every service that takes messages in. */
export const inspectionConfig = z
  .strictObject({
    certFile: z.string().describe('PEM file: our certificate for calls to inspectors.'),
    keyFile: z.string().describe('PEM file: its private key.'),
    caFile: z.string().describe('PEM file: the authority that inspectors have their certificates from.'),
  })
  .optional()
  .describe('Needed for an `Inspector` whose target is `host:port`; one on a unix socket needs none.')

export type InspectionConfig = z.infer<typeof inspectionConfig>
