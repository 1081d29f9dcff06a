/** Levels that LcsCmd exports apart. */
export type LcsLevel = 'global' | 'pool' | 'server'

/**
 * What became of a property. `policy`: imported and exported. `bootstrap`: belongs to gatehouse.yaml, the importer says which line.
 * `fixed`: we always do it so. `absent`: there is nothing like it, on purpose.
 */
export type LcsPlace = 'policy' | 'bootstrap' | 'fixed' | 'absent'

export interface LcsProperty {
  readonly name: string
  readonly place: LcsPlace
  /** Ours, or what we do instead. */
  readonly ours: string
}

export interface LcsClass {
  readonly name: string
  readonly level: LcsLevel
  /** One row per instance in a table, or one for all. */
  readonly isTable: boolean
  readonly properties: readonly LcsProperty[]
}

const policy = (name: string, ours: string): LcsProperty => ({ name, place: 'policy', ours })
const bootstrap = (name: string, ours: string): LcsProperty => ({ name, place: 'bootstrap', ours })
const fixed = (name: string, ours: string): LcsProperty => ({ name, place: 'fixed', ours })
const absent = (name: string, ours: string): LcsProperty => ({ name, place: 'absent', ours })

const NO_INCOMING = 'no limit on incoming connections of a peer; `Limits` counts requests'
const REMOTE_ACCESS =
  'the gate authenticates servers, never users: people of ours who sign in from outside do so at a home server or VPN, and what arrives at the external edge in the name of an internal domain is refused whoever sends it'
const KEY = 'identity of the row; objects have names'

/** Every property of the Access Proxy and of users, and where it is now. `docs/lcs-mapping.md` is generated from it. */
export const lcsClasses: readonly LcsClass[] = [
  {
    name: 'MSFT_SIPFederationExternalEdgeSetting',
    level: 'server',
    isTable: false,
    properties: [
      absent('AcceptAnyDestinationDomain', 'never: it made an open relay; list the domains'),
      policy('AllowAllDomainsForAutoFederation', '`FederationSettings.discovery`, together with AllowAutomaticFederation'),
      policy('AllowAutomaticFederation', '`FederationSettings.discovery`; alone: the `AllowedDomain` objects are imported'),
      absent('AllowOutsideUsers', REMOTE_ACCESS),
      policy('DefaultRoute', '`Clearinghouse.edge`, or `Provider.edge` where DefaultRouteIsPublicNetworkProvider'),
      policy('DefaultRouteIsPublicNetworkProvider', '`Provider` instead of `Clearinghouse`'),
      policy('DefaultRouteUserVerificationLevel', '`verification` of that object'),
      absent('DNSCacheTableSize', 'the cache is bounded; records are kept for their TTL'),
      absent('EnableArchivingNotification', 'no notice is added to messages; `Archiving` says what is recorded'),
      policy('EnableFederation', '`FederationSettings.enabled`'),
      policy('FilterVerbs', '`FederationSettings.methods.deny`'),
      absent('FlushDNSCache', 'records are kept for their TTL; a restart forgets them'),
      absent('IncomingTLSCountForAutomaticFederationRoute', NO_INCOMING),
      absent(
        'OutgoingTLSCountForAutomaticFederationRoute',
        'one connection to each discovered peer; list it as `Partner` with `links` for more',
      ),
      absent('IncomingTLSCountForDefaultRoute', NO_INCOMING),
      policy('OutgoingTLSCountForDefaultRoute', '`links` of the default route’s object, 1 to 4'),
      absent('InstanceID', KEY),
      policy('IsClearinghouse', '`FederationSettings.beClearinghouse`'),
      bootstrap('KeepCRLsUpToDateForPeers', '`federationPeer.crlFiles` (watched), `federationPeer.revocation`'),
      fixed('MarkSourceVerifiableOnOutgoingMessages', 'always on: our users are authenticated by our servers'),
      absent('StorePeerCertificates', 'peers show theirs at each connection; the archive keeps the fingerprint'),
      policy('UseDefaultRoute', '`FederationSettings.defaultRoute` names the clearinghouse; `Provider.enabled`'),
    ],
  },
  {
    name: 'MSFT_SIPFederationDirectPartnerTable',
    level: 'server',
    isTable: true,
    properties: [
      policy('Domain', '`Partner.domains`'),
      policy('DirectPartnerName', 'name of the `Partner`'),
      policy('EdgeProxyAddress', '`Partner.edge`'),
      absent('IncomingTLSCountForDirectPartnerRoute', NO_INCOMING),
      policy('OutgoingTLSCountForDirectPartnerRoute', '`Partner.links`, 1 to 4'),
      policy('UserVerificationLevel', '`Partner.verification`'),
    ],
  },
  {
    name: 'MSFT_SIPFederationPartnerTable',
    level: 'server',
    isTable: true,
    properties: [
      policy('Domain', '`Partner.domains`; without EdgeProxyAddress `AllowedDomain.domain`'),
      policy('EdgeProxyAddress', '`Partner.edge`'),
      policy('UserVerificationLevel', '`verification`'),
    ],
  },
  {
    name: 'MSFT_SIPFederationAutoFedAllowedDomainData',
    level: 'server',
    isTable: true,
    properties: [policy('DomainName', '`AllowedDomain.domain`')],
  },
  {
    name: 'MSFT_SIPFederationDeniedDomainSetting',
    level: 'server',
    isTable: false,
    properties: [policy('DomainName', 'a `BlockEntry` for each')],
  },
  {
    name: 'MSFT_SIPFederationNetworkProviderTable',
    level: 'server',
    isTable: true,
    properties: [
      policy('EdgeProxyAddress', '`Provider.edge`'),
      policy('Enabled', '`Provider.enabled`, also off by default'),
      policy(
        'IsPublicNetworkProvider',
        '`Provider.public`; a public network that speaks no SIP is a `Network` instead, with the same rights and levels',
      ),
      policy('NetworkProviderName', 'name of the `Provider`, or of the `Network` that takes the place of MSN, AOL and Yahoo'),
      absent('IncomingTLSCountForNetworkProviderRoute', NO_INCOMING),
      policy('OutgoingTLSCountForNetworkProviderRoute', '`Provider.links`, 1 to 4'),
      absent('InstanceID', KEY),
      policy('UserVerificationLevel', '`Provider.verification`'),
    ],
  },
  {
    name: 'MSFT_SIPFederationAuthorizedForwardingProxyData',
    level: 'server',
    isTable: true,
    properties: [absent('AuthorizedForwardingProxy', 'a server that speaks for others is a `Clearinghouse` or a `Provider`')],
  },
  {
    name: 'MSFT_SIPFederationInternalDomainData',
    level: 'server',
    isTable: true,
    properties: [policy('SupportedInternalDomain', '`InternalDomain.domain`')],
  },
  {
    name: 'MSFT_SIPFederationInternalServerData',
    level: 'server',
    isTable: true,
    properties: [bootstrap('InternalServer', '`federationPeer.internalEdge.servers`')],
  },
  {
    name: 'MSFT_SIPFederationInternalEdgeSetting',
    level: 'server',
    isTable: false,
    properties: [
      bootstrap('InternalNextHop', '`federationPeer.internalEdge.nextHop.host`'),
      bootstrap('InternalNextHopPort', '`federationPeer.internalEdge.nextHop.port`'),
      absent('IncomingTLSCountForNextHop', NO_INCOMING),
      bootstrap('OutgoingTLSCountForNextHop', '`federationPeer.internalEdge.nextHop.links`, 1 to 4'),
    ],
  },
  {
    name: 'MSFT_SIPFederationExternalEdgeListeningPortData',
    level: 'server',
    isTable: true,
    properties: [
      bootstrap('Port', '`federationPeer.externalEdge.listen.port`'),
      fixed('AllowMutualAuthentication', 'always: there is no peer without a certificate'),
      fixed('AllowClientsOnMTLSConnections', 'never: clients do not sign in through the gate'),
    ],
  },
  {
    name: 'MSFT_SIPFederationListeningAddressSetting',
    level: 'server',
    isTable: false,
    properties: [
      bootstrap('ExternalEdgeIPAddress', '`federationPeer.externalEdge.listen.address`'),
      bootstrap('InternalEdgeIPAddress', '`federationPeer.internalEdge.listen.address`'),
    ],
  },
  {
    name: 'MSFT_SIPFederationExternalEdgeListeningAddressSetting',
    level: 'server',
    isTable: false,
    properties: [
      bootstrap('TLSCertIssuer', '`federationPeer.externalEdge.certificate`'),
      bootstrap('TLSCertSN', '`federationPeer.externalEdge.certificate`'),
    ],
  },
  {
    name: 'MSFT_SIPFederationInternalEdgeListeningAddressSetting',
    level: 'server',
    isTable: false,
    properties: [
      bootstrap('TLSCertIssuer', '`federationPeer.internalEdge.certificate`'),
      bootstrap('TLSCertSN', '`federationPeer.internalEdge.certificate`'),
      bootstrap('Port', '`federationPeer.internalEdge.listen.port`'),
    ],
  },
  {
    name: 'MSFT_SIPEdgeServerListeningAddressSetting',
    level: 'server',
    isTable: false,
    properties: [
      bootstrap('APExternalFederationPort', '`federationPeer.externalEdge.listen.port`, also 5061 by default'),
      absent('APExternalRemoteAccessPort', REMOTE_ACCESS),
      bootstrap('APInternalPort', '`federationPeer.internalEdge.listen.port`'),
    ],
  },
  {
    name: 'MSFT_SIPGlobalFederationSetting',
    level: 'global',
    isTable: false,
    properties: [
      absent('EnableRouteToEnterpriseEdge', 'set at the inside servers: the gate is their federation route'),
      absent('RouteToEnterpriseEdge', 'set at the inside servers: `federationPeer.internalEdge.name` is what they point to'),
      absent('RouteToEnterpriseEdgePort', 'set at the inside servers: `federationPeer.internalEdge.listen.port`'),
    ],
  },
  {
    name: 'MSFT_SIPEdgeProxySetting',
    level: 'global',
    isTable: true,
    properties: [absent('EdgeProxyFQDN', 'set at the inside servers: they trust `federationPeer.internalEdge.name`')],
  },
  {
    name: 'MSFT_SIPProxySetting',
    level: 'pool',
    isTable: false,
    properties: [
      absent('AcceptCompression', 'NEGOTIATE is answered with 405: no compression'),
      absent('ClientToServerCompression', 'no clients, no compression'),
      absent('RequestCompression', 'no compression'),
      absent('MaxBodySizeClientMsg', 'no clients'),
      fixed('MaxBodySizeServerMsg', 'bounded in the framing of messages'),
      absent('MaxClientCompressions', 'no compression'),
      absent('MaxServerCompressions', 'no compression'),
      bootstrap('OutgoingTLSCount', '`federationPeer.internalEdge.nextHop.links`, 1 to 4'),
      absent('RouteToEnterpriseEdge', 'set at the inside servers'),
      absent('RouteToEnterpriseEdgePort', 'set at the inside servers'),
      absent('ServerRole', 'the gate has one role'),
      fixed('WhiteSpaceKeepAliveEnabled', 'CRLF keep-alive is always accepted'),
    ],
  },
  {
    name: 'MSFT_SIPGlobalArchivingSetting',
    level: 'global',
    isTable: false,
    properties: [
      policy('ArchiveDefault', '`Archiving.internal`: `body` or `off`'),
      policy('ArchiveDefaultWithoutBody', '`Archiving.internal: envelope`'),
      policy('ArchiveFederationDefault', '`Archiving.federation` and `Archiving.publicNetworks`: `body` or `off`'),
      policy('ArchiveFederationDefaultWithoutBody', '`Archiving.federation` and `Archiving.publicNetworks`: `envelope`'),
    ],
  },
  {
    name: 'MSFT_SIPLogSetting',
    level: 'pool',
    isTable: false,
    properties: [
      absent('Enabled', 'the agent of one server; `Archiving` counts for all'),
      policy('Critical', '`Archiving.duty`: `required` or `bestEffort`'),
      fixed('StopOnEncryptionFailures', 'what cannot be encrypted is not taken, and does not pass'),
    ],
  },
  {
    name: 'MSFT_SIPLogServiceSetting',
    level: 'pool',
    isTable: true,
    properties: [
      bootstrap('ArchivingDBPath', '`archive.databaseFile` or `archive.postgres`'),
      fixed('ConcurrentThreads', 'one writer per log; batches instead of threads'),
      bootstrap('DaysOfArchiving', '`archive.retention.days`; 0 there is no such line here'),
      absent('QueueName', 'no queue between: the sender is answered after the commit'),
      bootstrap('SQLDBName', '`archive.postgres`'),
    ],
  },
  {
    name: 'MSFT_SIPLogOptions',
    level: 'pool',
    isTable: false,
    properties: [
      absent('QueuePath', 'no queue between: the sender is answered after the commit'),
      absent('AckQueueName', 'no queue between'),
      absent('ArchivingBEToken', 'a retry is known by its key; no mark in the message is trusted'),
    ],
  },
  {
    name: 'MSFT_SIPESUserSetting',
    level: 'pool',
    isTable: true,
    properties: [
      policy(
        'ArchivingEnabled',
        '`UserRights.archiving`: Always is `body`, AlwaysWithoutBody `envelope`, Never `off`; GlobalDefault leaves it out',
      ),
      absent('DisplayName', 'kept by the directory'),
      absent('Enabled', 'kept by the directory'),
      policy('EnabledForFederation', '`UserRights.federation`'),
      absent('EnabledForInternetAccess', REMOTE_ACCESS),
      absent('HomeServerDN', 'kept by the directory'),
      absent('InstanceID', KEY),
      absent('LineServerURI', 'no telephony'),
      absent('LineURI', 'no telephony'),
      policy('PrimaryURI', '`UserRights.user`'),
      policy('PublicNetworkEnabled', '`UserRights.publicIm`'),
      absent('RemoteCallControlTelephonyEnabled', 'no telephony'),
      absent('TargetServerDNIfMoving', 'kept by the directory'),
      absent('UserCategory', 'kept by the directory'),
      absent('UserDN', 'kept by the directory'),
      absent('ArchiveInternalCommunications', '`UserRights.archiving` counts for all classes of traffic'),
      absent('ArchiveFederatedCommunications', '`UserRights.archiving` counts for all classes of traffic'),
      absent('EnabledForEnhancedPresence', 'presence passes as it is'),
      absent('UCEnabled', 'no telephony'),
      absent('MeetingPolicy', 'no meetings'),
    ],
  },
]

/** Class and property, whatever the case of the names; undefined: the reference knows neither. */
export function findLcsProperty(
  className: string | undefined,
  property: string,
): { readonly of: LcsClass; readonly is: LcsProperty } | undefined {
  for (const of of lcsClasses) {
    if (className !== undefined && of.name.toLowerCase() !== className.toLowerCase()) continue
    const is = of.properties.find(({ name }) => name.toLowerCase() === property.toLowerCase())
    if (is !== undefined) return { of, is }
  }
  return undefined
}
