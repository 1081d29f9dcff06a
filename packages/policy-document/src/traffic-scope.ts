import type { TrafficScope } from '@gatehouse/policy-engine'
import { z } from 'zod'

/** Whom a filter or an inspector concerns. */
export const trafficScope: z.ZodType<TrafficScope> = z
  .strictObject({
    directions: z
      .array(z.enum(['inbound', 'outbound', 'transit']))
      .default([])
      .describe('Empty: all.'),
    peerClasses: z
      .array(z.enum(['direct', 'allowed', 'discovered', 'clearinghouse', 'provider', 'bridge', 'inside']))
      .default([])
      .describe('Class of the party outside; empty: all.'),
    partners: z
      .array(z.string().min(1).max(253))
      .max(10_000)
      .default([])
      .describe('Names of partners, providers, networks and clearinghouses, or the domain of others; empty: all.'),
  })
  .prefault({})
  .describe('Whom it concerns; without it everybody.')
