import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import type { ConfigSection } from '../../chart/config-section.ts'
import { valuesSchema } from '../../chart/values-schema.ts'
import { valueRows, valuesYaml } from '../../chart/values-yaml.ts'
import { loadModules, markdownTable } from './load-modules.ts'

/** What the chart itself writes at the top of gatehouse.yaml, and the services' own sections. */
const NOT_SHARED = {
  stateDir: true,
  control: true,
  bus: true,
  federationPeer: true,
  publicImBridge: true,
  policy: true,
  archive: true,
} as const

/** `values.yaml` of the chart. */
export async function chartValuesPage(): Promise<string> {
  return valuesYaml()
}

/** `values.schema.json` of the chart: the services' own schemas under each `config`. */
export async function chartSchemaPage(): Promise<string> {
  return JSON.stringify(valuesSchema(await configSchemas()), null, 1)
}

/** The chart's README: written words, and the table of all values. */
export async function chartReadmePage(): Promise<string> {
  const words = readFileSync(join(import.meta.dirname, '../../chart/readme.md'), 'utf8')
  const rows = valueRows().map((row) => [`\`${row.key}\``, row.default === '' ? '' : `\`${row.default}\``, row.description])
  return `${words.trimEnd()}\n\n## Values\n\n${markdownTable(['key', 'default', 'meaning'], rows)}\n`
}

async function configSchemas(): Promise<Record<ConfigSection, z.ZodType>> {
  const named = async (path: string, name: string): Promise<z.ZodType> => {
    const [module] = await loadModules((each) => each === path)
    const schema = module?.exports[name]
    if (schema === undefined) throw new Error(`${path} has no ${name}`)
    return schema as z.ZodType
  }
  const whole = (await named('apps/gatehouse/src/up/gatehouse-config.ts', 'gatehouseConfig')) as z.ZodObject
  return {
    federationPeer: await named('services/federation-peer/src/config.ts', 'federationPeerConfig'),
    publicImBridge: await named('services/public-im-bridge/src/config.ts', 'publicImBridgeConfig'),
    policy: await named('services/policy/src/config.ts', 'policyConfig'),
    archive: await named('services/archive/src/config.ts', 'archiveConfig'),
    shared: whole.omit(NOT_SHARED),
  }
}
