import { diffPolicy, type ObjectChange, parsePolicy } from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { importLcs } from './import-lcs.ts'
import { findLcsProperty, type LcsLevel } from './lcs-properties.ts'

export interface LcsExport {
  readonly xml: string
  /** What an import of the file into an empty policy would not bring back: LCS has no property for it. */
  readonly notCarried: readonly ObjectChange[]
}

type ObjectOf<K extends PolicyKind> = Extract<PolicyObject, { kind: K }>
type Values = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

interface Row {
  readonly className: string
  readonly id: string | undefined
  readonly values: Values
  /** Names of our objects that single properties stand for. */
  readonly ids?: Readonly<Record<string, string | undefined>>
}

/** The policy as a file of LCS settings, of one level or of all. */
export function exportLcs(objects: readonly PolicyObject[], level?: LcsLevel): LcsExport {
  const rows = rowsOf(objects).filter((row) => level === undefined || levelOf(row) === level)
  const xml = `<?xml version="1.0" encoding="utf-8"?>\n<LcsSettings>\n${(['global', 'pool', 'server'] as const).map((each) => levelXml(each, rows)).join('')}</LcsSettings>\n`
  if (rows.length === 0) return { xml, notCarried: diffPolicy(objects, []) }
  const { text } = importLcs(xml, [])
  return { xml, notCarried: diffPolicy(objects, parsePolicy([{ name: 'xml', text }], { nowMs: 0 }).objects) }
}

function rowsOf(objects: readonly PolicyObject[]): Row[] {
  const of = <K extends PolicyKind>(kind: K): ObjectOf<K>[] => objects.filter((object) => object.kind === kind) as ObjectOf<K>[]
  const denied = of('BlockEntry').flatMap(({ spec }) => (spec.domain === undefined ? [] : [spec.domain]))
  return [
    ...switchRows(of('FederationSettings')[0], of('Clearinghouse'), of('AllowedDomain').length > 0),
    ...of('Archiving').flatMap(archivingRows),
    ...of('Partner').flatMap(({ name, spec }) => spec.domains.map((domain) => partnerRow(name, domain, spec))),
    ...of('AllowedDomain').map((object) => allowedRow(object)),
    ...(denied.length === 0 ? [] : [{ className: 'MSFT_SIPFederationDeniedDomainSetting', id: undefined, values: { DomainName: denied } }]),
    ...of('Provider').map(({ name, spec }) => ({
      className: 'MSFT_SIPFederationNetworkProviderTable',
      id: name,
      values: {
        NetworkProviderName: name,
        EdgeProxyAddress: spec.edge,
        Enabled: spec.enabled,
        IsPublicNetworkProvider: spec.public,
        OutgoingTLSCountForNetworkProviderRoute: spec.links,
        UserVerificationLevel: levelName(spec.verification),
      },
    })),
    ...of('InternalDomain').map(({ name, spec }) => ({
      className: 'MSFT_SIPFederationInternalDomainData',
      id: name,
      values: { SupportedInternalDomain: spec.domain },
    })),
    ...of('UserRights').map(({ name, spec }) => ({
      className: 'MSFT_SIPESUserSetting',
      id: name,
      values: {
        PrimaryURI: `sip:${spec.user}`,
        EnabledForFederation: spec.federation,
        ArchivingEnabled: spec.archiving === undefined ? undefined : USER_MODES[spec.archiving],
        PublicNetworkEnabled: (spec as { readonly publicIm?: boolean | undefined }).publicIm,
      },
    })),
  ]
}

function switchRows(
  settings: ObjectOf<'FederationSettings'> | undefined,
  houses: readonly ObjectOf<'Clearinghouse'>[],
  hasAllowed: boolean,
): Row[] {
  if (settings === undefined) return []
  const { spec } = settings
  const route = houses.find(({ name }) => name === spec.defaultRoute)?.spec
  const values = {
    EnableFederation: spec.enabled,
    AllowAutomaticFederation: spec.discovery || hasAllowed,
    AllowAllDomainsForAutoFederation: spec.discovery,
    IsClearinghouse: spec.beClearinghouse,
    FilterVerbs: spec.methods?.allow === undefined ? (spec.methods?.deny ?? []) : undefined,
    UseDefaultRoute: route !== undefined,
    DefaultRoute: route?.edge,
    DefaultRouteUserVerificationLevel: route === undefined ? undefined : levelName(route.verification),
    OutgoingTLSCountForDefaultRoute: route?.links,
  }
  return [{ className: 'MSFT_SIPFederationExternalEdgeSetting', id: settings.name, values, ids: { DefaultRoute: spec.defaultRoute } }]
}

const USER_MODES = { body: 'Always', envelope: 'AlwaysWithoutBody', off: 'Never' } as const

/** LCS knows inside and outside; a mode of public networks that differs from that of partners has no property. */
function archivingRows({ spec }: ObjectOf<'Archiving'>): Row[] {
  const { duty, internal, federation } = spec
  const values = {
    ...(internal === undefined ? {} : { ArchiveDefault: internal !== 'off', ArchiveDefaultWithoutBody: internal === 'envelope' }),
    ...(federation === undefined
      ? {}
      : { ArchiveFederationDefault: federation !== 'off', ArchiveFederationDefaultWithoutBody: federation === 'envelope' }),
  }
  const modes = Object.keys(values).length === 0 ? [] : [{ className: 'MSFT_SIPGlobalArchivingSetting', id: undefined, values }]
  if (duty === 'off') return modes
  return [...modes, { className: 'MSFT_SIPLogSetting', id: undefined, values: { Critical: duty === 'required' } }]
}

function partnerRow(name: string, domain: string, spec: ObjectOf<'Partner'>['spec']): Row {
  const values = {
    Domain: domain,
    DirectPartnerName: name,
    EdgeProxyAddress: spec.edge,
    OutgoingTLSCountForDirectPartnerRoute: spec.links,
    UserVerificationLevel: levelName(spec.verification),
  }
  return { className: 'MSFT_SIPFederationDirectPartnerTable', id: name, values }
}

/** The table of LCS has no level; that of OCS, which took its place, does. */
function allowedRow({ name, spec }: ObjectOf<'AllowedDomain'>): Row {
  if (spec.verification === 'useSourceVerification')
    return { className: 'MSFT_SIPFederationAutoFedAllowedDomainData', id: name, values: { DomainName: spec.domain } }
  return {
    className: 'MSFT_SIPFederationPartnerTable',
    id: name,
    values: { Domain: spec.domain, UserVerificationLevel: levelName(spec.verification) },
  }
}

function levelName(verification: string): string {
  return verification.charAt(0).toUpperCase() + verification.slice(1)
}

function levelOf({ className, values }: Row): LcsLevel | undefined {
  return findLcsProperty(className, Object.keys(values)[0] ?? '')?.of.level
}

function levelXml(level: LcsLevel, rows: readonly Row[]): string {
  const own = rows.filter((row) => levelOf(row) === level)
  if (own.length === 0) return ''
  const classes = [...new Set(own.map(({ className }) => className))]
  const body = classes.map((name) => {
    const instances = own.filter(({ className }) => className === name).map(instanceXml)
    return `    <class name="${name}">\n${instances.join('')}    </class>\n`
  })
  return `  <${level}>\n${body.join('')}  </${level}>\n`
}

function instanceXml({ id, values, ids }: Row): string {
  const properties = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [propertyXml(name, value, ids?.[name])]))
  return `      <instance${idXml(id)}>\n${properties.join('')}      </instance>\n`
}

function idXml(id: string | undefined): string {
  return id === undefined ? '' : ` id="${escapeXml(id)}"`
}

function propertyXml(name: string, value: string | number | boolean | readonly string[], id: string | undefined): string {
  if (typeof value !== 'object') return `        <property name="${name}"${idXml(id)}>${escapeXml(String(value))}</property>\n`
  return `        <property name="${name}">${value.map((each) => `<value>${escapeXml(each)}</value>`).join('')}</property>\n`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
