/** Series as promtool writes them: `name{labels}` → values, one a minute (`0+10x20`: from 0, 10 more each minute, 20 times). */
export type Series = Readonly<Record<string, string>>

export interface AlertCase {
  readonly fires: Series
  /** Minute at which it has to fire. */
  readonly atMinute: number
  /** Labels of the alert besides its severity. */
  readonly labels?: Readonly<Record<string, string>>
  /** Close to it, and no reason to wake anybody. */
  readonly calm: Series
}

const requests = (code: string): string =>
  `gatehouse_peer_requests_total{direction="inbound",peer_class="direct",kind="message",code="${code}",status="4xx"}`
const passed = requests('GH-POLICY-ALLOWED')
const stage = (le: string): string => `gatehouse_peer_stage_seconds_bucket{stage="record",le="${le}"}`
const refused = (side: string, code: string): string => `gatehouse_peer_connections_refused_total{side="${side}",code="${code}"}`
const opened = 'gatehouse_peer_connections_total{side="external",dialed="false"}'
const link = (side: string, state: string): string => `gatehouse_peer_links{side="${side}",state="${state}"}`
const DAY = 86_400

/** One firing and one calm case for every alert of charts/gatehouse/files/alerts.yaml. */
export const alertCases: Readonly<Record<string, AlertCase>> = {
  GatehouseArchiveRefuses: {
    fires: { gatehouse_archive_accepting: '1 0x10' },
    atMinute: 5,
    calm: { 'gatehouse_archive_accepting{instance="a"}': '0x10', 'gatehouse_archive_accepting{instance="b"}': '1x10' },
  },
  GatehouseArchiveAway: {
    fires: { [requests('GH-PEER-ARCHIVE-AWAY')]: '0+5x20' },
    atMinute: 10,
    calm: { [requests('GH-PEER-ARCHIVE-AWAY')]: '7x20' },
  },
  GatehouseArchiveStalled: {
    fires: { gatehouse_peer_archive_waiting: '50x10', gatehouse_archive_last_commit_timestamp_seconds: '0x10' },
    atMinute: 5,
    calm: { gatehouse_peer_archive_waiting: '50x10', gatehouse_archive_last_commit_timestamp_seconds: '0+60x10' },
  },
  GatehouseArchiveSlow: {
    fires: { [stage('0.25')]: '0+10x30', [stage('1')]: '0+600x30', [stage('+Inf')]: '0+600x30' },
    atMinute: 25,
    calm: { [stage('0.25')]: '0+600x30', [stage('1')]: '0+600x30', [stage('+Inf')]: '0+600x30' },
  },
  GatehouseArchiveCheckpointFails: {
    fires: { gatehouse_archive_checkpoint_failing: '1x30' },
    atMinute: 20,
    calm: { gatehouse_archive_checkpoint_failing: '1x10 0x20' },
  },
  GatehouseArchiveUnsigned: {
    fires: { gatehouse_archive_unsigned_records: '600000x30' },
    atMinute: 20,
    calm: { gatehouse_archive_unsigned_records: '20000x30' },
  },
  GatehouseOutcomesLost: {
    fires: { gatehouse_peer_archive_lost_outcomes: '0 0 0 40x10' },
    atMinute: 5,
    calm: { gatehouse_peer_archive_lost_outcomes: '40x20' },
  },
  GatehouseCertificateExpires: {
    fires: { 'gatehouse_peer_certificate_expiry_seconds{side="external"}': `${20 * DAY}x90` },
    atMinute: 80,
    labels: { side: 'external' },
    calm: { 'gatehouse_peer_certificate_expiry_seconds{side="external"}': `${30 * DAY}x90` },
  },
  GatehouseCertificateExpiresNow: {
    fires: { 'gatehouse_peer_certificate_expiry_seconds{side="internal"}': `${2 * DAY}x30` },
    atMinute: 20,
    labels: { side: 'internal' },
    calm: { 'gatehouse_peer_certificate_expiry_seconds{side="internal"}': `${4 * DAY}x30` },
  },
  GatehouseCertificateRefused: {
    fires: { 'gatehouse_peer_certificate_reloads_total{side="external",result="refused"}': '0 0 1x10' },
    atMinute: 5,
    labels: { side: 'external' },
    calm: { 'gatehouse_peer_certificate_reloads_total{side="external",result="taken"}': '0 0 1x10' },
  },
  GatehousePartnerCertificateExpires: {
    fires: { 'gatehouse_peer_partner_certificate_expiry_seconds{partner="fabrikam"}': `${10 * DAY}x90` },
    atMinute: 80,
    labels: { partner: 'fabrikam' },
    calm: { 'gatehouse_peer_partner_certificate_expiry_seconds{partner="fabrikam"}': `${20 * DAY}x90` },
  },
  GatehouseNextHopDown: {
    fires: { [link('internal', 'backoff')]: '1x10' },
    atMinute: 5,
    calm: { [link('internal', 'backoff')]: '1x10', [link('internal', 'up')]: '1x10' },
  },
  GatehousePartnerDown: {
    fires: { 'gatehouse_peer_partner_link_up{partner="fabrikam"}': '0x20' },
    atMinute: 10,
    labels: { partner: 'fabrikam' },
    calm: {
      'gatehouse_peer_partner_link_up{partner="fabrikam",instance="a"}': '0x20',
      'gatehouse_peer_partner_link_up{partner="fabrikam",instance="b"}': '1x20',
    },
  },
  GatehouseHandshakesFail: {
    fires: { [refused('external', 'GH-EDGE-HANDSHAKE-FAILED')]: '0+60x60', [opened]: '0+6x60' },
    atMinute: 45,
    labels: { side: 'external' },
    calm: { [refused('external', 'GH-EDGE-HANDSHAKE-FAILED')]: '0+60x60', [opened]: '0+600x60' },
  },
  GatehouseSrvFails: {
    fires: { 'gatehouse_peer_dials_failed_total{side="external",code="GH-EDGE-LINK-NO-RECORD"}': '0+2x60' },
    atMinute: 45,
    calm: { 'gatehouse_peer_dials_failed_total{side="external",code="GH-EDGE-LINK-CONNECT"}': '0+2x60' },
  },
  GatehouseConnectionsFull: {
    fires: { [refused('external', 'GH-EDGE-TOO-MANY-CONNECTIONS')]: '0+5x40' },
    atMinute: 30,
    labels: { side: 'external' },
    calm: { [refused('external', 'GH-EDGE-CONNECT-RATE')]: '0+5x40' },
  },
  GatehouseBusy: {
    fires: { [requests('GH-PEER-BUSY')]: '0+60x20' },
    atMinute: 15,
    calm: { [requests('GH-PEER-BUSY')]: '0+1x20' },
  },
  GatehouseRefusalsJump: {
    fires: { [requests('GH-POLICY-UNVERIFIED-MESSAGE')]: '0+6x400 2400+600x60' },
    atMinute: 440,
    calm: { [requests('GH-POLICY-UNVERIFIED-MESSAGE')]: '0+600x460' },
  },
  GatehouseUnknownDomains: {
    fires: { [requests('GH-POLICY-SOURCE-UNKNOWN')]: '0+420x20' },
    atMinute: 15,
    calm: { [requests('GH-POLICY-SOURCE-UNKNOWN')]: '0+60x20' },
  },
  GatehouseUnknownDomainsFlood: {
    fires: { [requests('GH-POLICY-SOURCE-UNKNOWN')]: '0+900x20' },
    atMinute: 15,
    calm: { [requests('GH-POLICY-SOURCE-UNKNOWN')]: '0+420x20' },
  },
  GatehouseDiscoveredAttack: {
    fires: { [requests('GH-POLICY-ADDRESSEES')]: '0 0 5x20' },
    atMinute: 5,
    calm: { [requests('GH-POLICY-RATE-USER')]: '0 0 5x20' },
  },
  GatehouseSpoofing: {
    fires: { [requests('GH-POLICY-SOURCE-CERTIFICATE')]: '0 0 50x20' },
    atMinute: 5,
    calm: { [requests('GH-POLICY-SOURCE-CERTIFICATE')]: '0 0 5x20' },
  },
  GatehouseProviderMismatch: {
    fires: { [requests('GH-POLICY-PROVIDER-DOMAIN')]: '0 0 50x20' },
    atMinute: 5,
    calm: { [requests('GH-POLICY-PROVIDER-DISABLED')]: '0 0 50x20' },
  },
  GatehouseUsersWithoutRight: {
    fires: { [requests('GH-POLICY-USER-PUBLIC')]: '0+120x60' },
    atMinute: 45,
    calm: { [requests('GH-POLICY-USER-PUBLIC')]: '0+6x60' },
  },
  GatehousePolicySkew: {
    fires: {
      'gatehouse_snapshot_revision{follower="federation-peer",instance="a"}': '7x20',
      'gatehouse_snapshot_revision{follower="federation-peer",instance="b"}': '6x20',
    },
    atMinute: 10,
    calm: {
      'gatehouse_snapshot_revision{follower="federation-peer",instance="a"}': '6x5 7x20',
      'gatehouse_snapshot_revision{follower="federation-peer",instance="b"}': '6x6 7x20',
    },
  },
  GatehouseSnapshotRefused: {
    fires: { 'gatehouse_snapshot_refused{follower="federation-peer",code="GH-SNAPSHOT-SIGNATURE"}': '1x10' },
    atMinute: 5,
    labels: { follower: 'federation-peer', code: 'GH-SNAPSHOT-SIGNATURE' },
    calm: { 'gatehouse_snapshot_revision{follower="federation-peer"}': '6x10' },
  },
  GatehousePolicyStale: {
    fires: { 'gatehouse_snapshot_age_seconds{follower="federation-peer"}': '0+60x20' },
    atMinute: 10,
    calm: { 'gatehouse_snapshot_age_seconds{follower="federation-peer"}': '30x20' },
  },
  GatehousePolicyNotPublished: {
    fires: { gatehouse_policy_publish_failing: '1x10' },
    atMinute: 5,
    calm: { 'gatehouse_policy_publish_failing{instance="a"}': '1x10', 'gatehouse_policy_publish_failing{instance="b"}': '0x10' },
  },
  GatehouseOutboxOld: {
    fires: { 'gatehouse_outbox_oldest_seconds{port="sip"}': '0+60x90' },
    atMinute: 80,
    labels: { port: 'sip' },
    calm: { 'gatehouse_outbox_oldest_seconds{port="sip"}': '1800x90' },
  },
  GatehouseOutboxFull: {
    fires: { 'gatehouse_outbox_messages_total{port="sip",result="refused"}': '0 0 3x10' },
    atMinute: 5,
    labels: { port: 'sip' },
    calm: { 'gatehouse_outbox_messages_total{port="sip",result="taken"}': '0+5x10' },
  },
  GatehouseNetworkDown: {
    fires: { 'gatehouse_bridge_network_up{network="jabber"}': '0x30' },
    atMinute: 20,
    labels: { network: 'jabber' },
    calm: {
      'gatehouse_bridge_network_up{network="jabber",instance="a"}': '0x30',
      'gatehouse_bridge_network_up{network="jabber",instance="b"}': '1x30',
    },
  },
  GatehouseAccountsAway: {
    fires: {
      'gatehouse_bridge_accounts{network="irc",state="waiting"}': '4x30',
      'gatehouse_bridge_accounts{network="irc",state="connected"}': '6x30',
    },
    atMinute: 25,
    labels: { network: 'irc' },
    calm: {
      'gatehouse_bridge_accounts{network="irc",state="waiting"}': '1x30',
      'gatehouse_bridge_accounts{network="irc",state="connected"}': '9x30',
    },
  },
  GatehouseConnectorFaults: {
    fires: { 'gatehouse_bridge_connector_faults_total{network="irc",what="silent"}': '0 0 1x10' },
    atMinute: 5,
    labels: { network: 'irc' },
    calm: { 'gatehouse_bridge_connector_faults_total{network="irc",what="silent"}': '4x20' },
  },
  GatehouseNotReady: {
    fires: { 'gatehouse_process_ready{job="gatehouse",instance="a"}': '0x20' },
    atMinute: 10,
    labels: { job: 'gatehouse', instance: 'a' },
    calm: { 'gatehouse_process_ready{job="gatehouse",instance="a"}': '0x3 1x20' },
  },
  GatehouseCheckFails: {
    fires: { 'gatehouse_process_check{job="gatehouse",instance="a",check="bus"}': '0x30' },
    atMinute: 20,
    labels: { job: 'gatehouse', instance: 'a', check: 'bus' },
    calm: { 'gatehouse_process_check{job="gatehouse",instance="a",check="bus"}': '1x30' },
  },
  GatehouseEventLoopLate: {
    fires: { 'gatehouse_process_event_loop_delay_seconds{job="gatehouse",instance="a",quantile="0.99"}': '0.5x30' },
    atMinute: 20,
    labels: { job: 'gatehouse', instance: 'a' },
    calm: { 'gatehouse_process_event_loop_delay_seconds{job="gatehouse",instance="a",quantile="1"}': '0.5x30' },
  },
  GatehouseDown: {
    fires: { 'gatehouse_process_info{service="archive",version="1"}': '1x10' },
    atMinute: 5,
    calm: { 'gatehouse_process_info{service="federation-peer",version="1"}': '1x10' },
  },
  GatehouseErrorBudgetFast: {
    fires: { [requests('GH-PEER-BUSY')]: '0+60x90', [passed]: '0+540x90' },
    atMinute: 80,
    calm: { [requests('GH-POLICY-BLOCKED')]: '0+60x90', [passed]: '0+540x90' },
  },
  GatehouseErrorBudgetSlow: {
    fires: { [requests('GH-PEER-BUSY')]: '0+6x300', [passed]: '0+594x300' },
    atMinute: 290,
    calm: { [requests('GH-PEER-BUSY')]: '0+1x300', [passed]: '0+5999x300' },
  },
}
