import { z } from 'zod'

/** A map that is judged by a service's own bootstrap schema; `values-schema.ts` puts that in. */
export function configOf(section: ConfigSection, what: string) {
  return z.record(z.string(), z.unknown()).default({}).meta({ configOf: section }).describe(what)
}

/** Sections of `gatehouse.yaml`; `shared` is what is beside the services' own. */
export type ConfigSection = 'federationPeer' | 'publicImBridge' | 'policy' | 'archive' | 'shared'
