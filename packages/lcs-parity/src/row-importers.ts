import type { PolicyKind } from '@gatehouse/policy-engine'
import type { Draft, Drafts } from './drafts.ts'
import type { LcsRow } from './lcs-row.ts'

export interface ImportContext {
  readonly drafts: Drafts
  /** AllowAutomaticFederation, once it has been read. */
  isAutomatic: boolean | undefined
  readonly hasKey: (kind: PolicyKind, key: string) => boolean
}

type Note = (property: string, text: string) => void
type RowImporter = (row: LcsRow, context: ImportContext, note: Note) => void

const LEVELS: Readonly<Record<string, string>> = {
  alwaysverifiable: 'alwaysVerifiable',
  alwaysunverifiable: 'alwaysUnverifiable',
  usesourceverification: 'useSourceVerification',
}
/** ArchivingEnabled of a user (cc165067). */
const USER_MODES: Readonly<Record<string, string>> = { always: 'body', alwayswithoutbody: 'envelope', never: 'off' }
const MAX_LINKS = 4
const SETTINGS = 'FederationSettings'

/** Class → what its rows become. Classes without a line have no property with a place in the policy. */
export const rowImporters: Readonly<Record<string, RowImporter>> = {
  MSFT_SIPFederationExternalEdgeSetting: importSwitches,
  MSFT_SIPFederationDirectPartnerTable: (row, context, note) => importPartner(row, context, note, 'OutgoingTLSCountForDirectPartnerRoute'),
  MSFT_SIPFederationPartnerTable: (row, context, note) => {
    if (row.has('EdgeProxyAddress')) importPartner(row, context, note, '')
    else importAllowed(row, context, note, 'Domain')
  },
  MSFT_SIPFederationAutoFedAllowedDomainData: (row, context, note) => {
    if (context.isAutomatic === false) note('DomainName', 'not imported: without AllowAutomaticFederation it had no effect')
    else importAllowed(row, context, note, 'DomainName')
  },
  MSFT_SIPFederationDeniedDomainSetting: (row, { drafts }) => {
    for (const domain of row.list('DomainName').map((name) => name.toLowerCase())) {
      const { spec } = drafts.take('BlockEntry', 'domain', domain, undefined, domain)
      spec['domain'] = domain
      spec['owner'] ??= 'LCS'
      spec['reason'] ??= 'on the deny list of the Access Proxy'
    }
  },
  MSFT_SIPFederationNetworkProviderTable: importProvider,
  MSFT_SIPFederationInternalDomainData: (row, { drafts }, note) => {
    const domain = row.host('SupportedInternalDomain')
    if (domain === undefined) note('SupportedInternalDomain', 'empty')
    else drafts.take('InternalDomain', 'domain', domain, row.id, domain).spec['domain'] = domain
  },
  MSFT_SIPGlobalArchivingSetting: importArchiveModes,
  MSFT_SIPLogSetting: (row, { drafts }, note) => {
    const isCritical = readFlag(row, 'Critical', note)
    if (isCritical !== undefined) set(archivingOf(drafts), 'duty', isCritical ? 'required' : 'bestEffort')
  },
  MSFT_SIPESUserSetting: importUser,
}

function importSwitches(row: LcsRow, context: ImportContext, note: Note): void {
  const { drafts } = context
  // there is one at most, whatever it is called
  const name = drafts.only(SETTINGS)?.name ?? row.id ?? 'default'
  const settings = drafts.take(SETTINGS, 'name', name, undefined, name)
  const flag = (property: string): boolean | undefined => readFlag(row, property, note)
  set(settings, 'enabled', flag('EnableFederation'))
  set(settings, 'beClearinghouse', flag('IsClearinghouse'))
  context.isAutomatic = flag('AllowAutomaticFederation')
  const isForAll = flag('AllowAllDomainsForAutoFederation')
  if (context.isAutomatic !== undefined || isForAll !== undefined) {
    const isDiscovering = (context.isAutomatic ?? settings.spec['discovery'] === true) && (isForAll ?? settings.spec['discovery'] === true)
    settings.spec['discovery'] = isDiscovering
  }
  if (row.has('FilterVerbs')) {
    const verbs = row.list('FilterVerbs').map((verb) => verb.toUpperCase())
    const isAllowList = (settings.spec['methods'] as { readonly allow?: unknown } | undefined)?.allow !== undefined
    if (isAllowList) note('FilterVerbs', 'not imported: FederationSettings.methods is a list of what is allowed')
    else if (verbs.length === 0) delete settings.spec['methods']
    else settings.spec['methods'] = { deny: verbs }
  }
  importDefaultRoute(row, drafts, settings, note)
}

function importDefaultRoute(row: LcsRow, drafts: Drafts, settings: Draft, note: Note): void {
  const edge = row.host('DefaultRoute')
  const isUsed = readFlag(row, 'UseDefaultRoute', note)
  const isPublic = readFlag(row, 'DefaultRouteIsPublicNetworkProvider', note) ?? false
  if (edge === undefined) {
    for (const property of ['DefaultRouteUserVerificationLevel', 'OutgoingTLSCountForDefaultRoute'])
      if (row.has(property)) note(property, 'nothing to set it on: there is no DefaultRoute')
    if (isUsed === false) delete settings.spec['defaultRoute']
    else if (isUsed === true && settings.spec['defaultRoute'] === undefined)
      note('UseDefaultRoute', 'nothing to use: there is no DefaultRoute')
    return
  }
  const kind = isPublic ? 'Provider' : 'Clearinghouse'
  const route = drafts.take(kind, 'edge', edge, row.idOf('DefaultRoute'), 'default-route')
  route.spec['edge'] = edge
  importPeer(row, route, 'DefaultRouteUserVerificationLevel', 'OutgoingTLSCountForDefaultRoute', note)
  if (isPublic) {
    route.spec['public'] = true
    set(route, 'enabled', isUsed)
  } else if (isUsed === true) settings.spec['defaultRoute'] = route.name
  else if (isUsed === false) delete settings.spec['defaultRoute']
}

function importPartner(row: LcsRow, { drafts }: ImportContext, note: Note, linksProperty: string): void {
  const domain = row.host('Domain')
  if (domain === undefined) {
    note('Domain', 'empty: the row is not imported')
    return
  }
  const partner = drafts.take('Partner', 'domain', domain, row.id, row.text('DirectPartnerName') ?? domain)
  const domains = (partner.spec['domains'] as readonly string[] | undefined) ?? []
  partner.spec['domains'] = domains.includes(domain) ? domains : [...domains, domain]
  drafts.file(partner, 'domain', domain)
  set(partner, 'edge', row.host('EdgeProxyAddress'))
  importPeer(row, partner, 'UserVerificationLevel', linksProperty, note)
}

function importAllowed(row: LcsRow, { drafts }: ImportContext, note: Note, property: string): void {
  const domain = row.host(property)
  if (domain === undefined) {
    note(property, 'empty: the row is not imported')
    return
  }
  const allowed = drafts.take('AllowedDomain', 'domain', domain, row.id, domain)
  allowed.spec['domain'] = domain
  // ignored there for rows without an edge, but read where somebody set it
  set(allowed, 'verification', readLevel(row, 'UserVerificationLevel', note))
}

function importProvider(row: LcsRow, { drafts }: ImportContext, note: Note): void {
  const edge = row.host('EdgeProxyAddress')
  if (edge === undefined) {
    note('EdgeProxyAddress', 'empty: the row is not imported')
    return
  }
  const provider = drafts.take('Provider', 'edge', edge, row.id, row.text('NetworkProviderName') ?? edge)
  provider.spec['edge'] = edge
  set(provider, 'enabled', readFlag(row, 'Enabled', note))
  set(provider, 'public', readFlag(row, 'IsPublicNetworkProvider', note))
  importPeer(row, provider, 'UserVerificationLevel', 'OutgoingTLSCountForNetworkProviderRoute', note)
}

function importUser(row: LcsRow, { drafts, hasKey }: ImportContext, note: Note): void {
  const user = row
    .text('PrimaryURI')
    ?.toLowerCase()
    .replace(/^sips?:/, '')
  if (user === undefined || user === '') {
    note('PrimaryURI', 'empty: the row is not imported')
    return
  }
  const rights = drafts.take('UserRights', 'user', user, row.id, user)
  rights.spec['user'] = user
  importUserArchiving(row, rights, note)
  set(rights, 'federation', readFlag(row, 'EnabledForFederation', note))
  if (hasKey('UserRights', 'publicIm')) set(rights, 'publicIm', readFlag(row, 'PublicNetworkEnabled', note))
  else if (row.has('PublicNetworkEnabled')) note('PublicNetworkEnabled', 'this version has no right for public networks of a user')
}

/** For each class of traffic `…WithoutBody` is the stronger word: LCS reads it first. */
function importArchiveModes(row: LcsRow, { drafts }: ImportContext, note: Note): void {
  const modeOf = (property: string): string | undefined => {
    if (readFlag(row, `${property}WithoutBody`, note) === true) return 'envelope'
    const isArchived = readFlag(row, property, note)
    return isArchived === undefined ? undefined : isArchived ? 'body' : 'off'
  }
  const [internal, federation] = [modeOf('ArchiveDefault'), modeOf('ArchiveFederationDefault')]
  if (internal === undefined && federation === undefined) return
  const archiving = archivingOf(drafts)
  set(archiving, 'internal', internal)
  set(archiving, 'federation', federation)
  set(archiving, 'publicNetworks', federation)
}

function archivingOf(drafts: Drafts): Draft {
  return drafts.take('Archiving', 'name', drafts.only('Archiving')?.name ?? 'default', undefined, 'default')
}

function importUserArchiving(row: LcsRow, rights: Draft, note: Note): void {
  const text = row.text('ArchivingEnabled')
  if (text === undefined || text.toLowerCase() === 'globaldefault') return
  const mode = USER_MODES[text.toLowerCase()]
  if (mode === undefined) note('ArchivingEnabled', 'no such value')
  else set(rights, 'archiving', mode)
}

function importPeer(row: LcsRow, draft: Draft, levelProperty: string, linksProperty: string, note: Note): void {
  set(draft, 'verification', readLevel(row, levelProperty, note))
  if (!row.has(linksProperty)) return
  const count = Number(row.text(linksProperty))
  if (!Number.isInteger(count) || count < 1) note(linksProperty, 'not a number of connections')
  else {
    draft.spec['links'] = Math.min(MAX_LINKS, count)
    if (count > MAX_LINKS) note(linksProperty, `${MAX_LINKS} instead: a connection carries many messages at once`)
  }
}

function readFlag(row: LcsRow, property: string, note: Note): boolean | undefined {
  const flag = row.flag(property)
  if (flag === undefined && row.has(property)) note(property, 'neither true nor false')
  return flag
}

function readLevel(row: LcsRow, property: string, note: Note): string | undefined {
  const text = row.text(property)
  const level = text === undefined ? undefined : LEVELS[text.toLowerCase()]
  if (text !== undefined && level === undefined) note(property, 'no verification level')
  return level
}

function set(draft: Draft, key: string, value: unknown): void {
  if (value !== undefined) draft.spec[key] = value
}
