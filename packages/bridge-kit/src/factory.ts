import type { CodeTable } from '@gatehouse/errors'
import type { z } from 'zod'
import type { BridgeConnector } from './connector.ts'
import type { ConnectorContext } from './context.ts'

/** How the bridge makes a connector. `export const irc = {…} satisfies ConnectorFactory<IrcConfig>` is all a connector's folder shows. */
export interface ConnectorFactory<Config = unknown> {
  readonly protocol: string
  /** Its part of `publicImBridge.networks.<name>`; `docs/` and the start-up check are made from it. */
  readonly config: z.ZodType<Config>
  /** Codes of its outcomes and states: `GH-IRC-…`. */
  readonly codes: CodeTable
  /** Opens nothing: that is `start`. */
  create(config: Config, context: ConnectorContext): BridgeConnector
}
