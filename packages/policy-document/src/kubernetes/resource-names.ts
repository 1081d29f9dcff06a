import type { PolicyKind } from '@gatehouse/policy-engine'

/**
 * The API group of our custom resources. `.internal` is set aside for private use and is never delegated, so the name can become nobody's
 * domain, and no resource of another project can be meant by it.
 */
export const KUBERNETES_GROUP = 'policy.gatehouse.internal'
export const KUBERNETES_VERSION = 'v1alpha1'
/** What `apiVersion` says in a cluster, where a document says `gatehouse/v1`. */
export const KUBERNETES_API_VERSION: string = `${KUBERNETES_GROUP}/${KUBERNETES_VERSION}`
/** Name of the one object of a kind that exists once. */
export const SINGLETON_NAME = 'default'

/** A column of `kubectl get`. */
export interface ResourceColumn {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'integer'
  readonly path: string
}

/** How a kind is called in a cluster. */
export interface ResourceNames {
  readonly plural: string
  readonly singular: string
  /** Begin with `gh`, as short names of all groups share one space. */
  readonly shortNames: readonly string[]
  readonly columns: readonly ResourceColumn[]
}

const text = (name: string, path: string): ResourceColumn => ({ name, type: 'string', path })
const flag = (name: string, path: string): ResourceColumn => ({ name, type: 'boolean', path })
const DOMAIN = text('Domain', '.spec.domain')
const DOMAINS = text('Domains', '.spec.domains')
const EDGE = text('Edge', '.spec.edge')
const ENABLED = flag('Enabled', '.spec.enabled')
const EXPIRES = text('Expires', '.spec.expires')

function names(singular: string, plural: string, short: string, columns: readonly ResourceColumn[]): ResourceNames {
  return { singular, plural, shortNames: [short], columns }
}

/** Every kind. */
export const resourceNames: { readonly [K in PolicyKind]: ResourceNames } = {
  FederationSettings: names('federationsettings', 'federationsettings', 'ghfed', [ENABLED, flag('Discovery', '.spec.discovery')]),
  Archiving: names('archiving', 'archivings', 'gharchiving', [text('Duty', '.spec.duty')]),
  Limits: names('limits', 'limits', 'ghlimits', []),
  ContentFilter: names('contentfilter', 'contentfilters', 'ghfilter', [text('Mode', '.spec.mode')]),
  Inspector: names('inspector', 'inspectors', 'ghinspector', [text('Target', '.spec.target')]),
  InternalDomain: names('internaldomain', 'internaldomains', 'ghdomain', [DOMAIN]),
  Partner: names('partner', 'partners', 'ghpartner', [DOMAINS, EDGE]),
  Clearinghouse: names('clearinghouse', 'clearinghouses', 'ghclearing', [EDGE]),
  Provider: names('provider', 'providers', 'ghprovider', [EDGE, ENABLED]),
  Network: names('network', 'networks', 'ghnetwork', [text('Protocol', '.spec.protocol'), ENABLED]),
  AllowedDomain: names('alloweddomain', 'alloweddomains', 'ghallowed', [DOMAIN, EXPIRES]),
  BlockEntry: names('blockentry', 'blockentries', 'ghblock', [DOMAIN, text('Address', '.spec.address'), EXPIRES]),
  UserSettings: names('usersettings', 'usersettings', 'ghusersettings', []),
  Group: names('group', 'groups', 'ghgroup', []),
  EthicalWall: names('ethicalwall', 'ethicalwalls', 'ghwall', [EXPIRES]),
  UserRights: names('userrights', 'userrights', 'ghrights', [text('User', '.spec.user')]),
}
