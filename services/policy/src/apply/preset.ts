import { type DocumentFile, exportObject } from '@gatehouse/policy-document'
import type { FederationSettingsSpec, PolicyObject } from '@gatehouse/policy-engine'
import { policyError } from '../errors.ts'

/** The three places to start from. What they do not name stays as it is. */
export const presets = {
  closed: { enabled: false, discovery: false },
  'partners-only': { enabled: true, discovery: false, defaultRoute: undefined },
  open: { enabled: true, discovery: true, defaultRoute: undefined, discoveredVerification: 'useSourceVerification' },
} as const satisfies Readonly<Record<string, Partial<FederationSettingsSpec>>>

export type Preset = keyof typeof presets

const FRESH: FederationSettingsSpec = {
  enabled: false,
  discovery: false,
  discoveredVerification: 'useSourceVerification',
  beClearinghouse: false,
  missingMark: 'unverified',
  unverified: { message: 'contactsOnly', presence: 'contactsOnly' },
}

/** A preset as a document: the settings in force with its switches. Throws GH-REVISION-PRESET. */
export function presetFile(name: string, inForce: readonly PolicyObject[]): DocumentFile {
  if (!Object.hasOwn(presets, name)) {
    throw policyError('GH-REVISION-PRESET', `${JSON.stringify(name.slice(0, 100))}; there are: ${Object.keys(presets).join(', ')}.`)
  }
  const present = inForce.find((object) => object.kind === 'FederationSettings')
  const base = present?.kind === 'FederationSettings' ? present.spec : FRESH
  const spec: FederationSettingsSpec = { ...base, ...presets[name as Preset] }
  return { name: `preset ${name}`, text: exportObject({ kind: 'FederationSettings', name: present?.name ?? 'default', spec }) }
}
