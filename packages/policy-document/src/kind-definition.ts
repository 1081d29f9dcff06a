import type { PolicyKind, PolicySpecs } from '@gatehouse/policy-engine'
import type { z } from 'zod'

/** One kind of policy object: everything the document has to know about it. A new kind is one more of these in `policy-kinds.ts`. */
export interface KindDefinition<K extends PolicyKind = PolicyKind> {
  readonly kind: K
  /** One sentence for the reference. */
  readonly summary: string
  /** At most one object of this kind may exist. */
  readonly isSingleton: boolean
  /** The spec; every key described, every default in it. Key order is the order of the export. */
  readonly spec: z.ZodType<PolicySpecs[K]>
}
