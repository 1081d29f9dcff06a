/** One Kamailio of the tests: an organisation's whole SIP side in one process. */
export interface KamailioPlan {
  /** The SIP domain it serves. */
  readonly domain: string
  /** Its name towards other servers: in Via, Record-Route and its certificate. */
  readonly edgeHost: string
  /** Where it listens for servers, mutual TLS. */
  readonly tls: { readonly address: string; readonly port: number }
  /** Where its own users reach it, TCP and UDP on the same port. */
  readonly users: { readonly address: string; readonly port: number }
  /** User part → SIP URI of the user's phone, e.g. `sip:127.0.0.1:5071;transport=udp`. */
  readonly contacts: Readonly<Record<string, string>>
  /** Where requests for every other domain go, by TLS. Host names are looked up in the table below. */
  readonly gate: { readonly host: string; readonly port: number }
  /** What the peer's certificate must name (subjectAltName DNS) for its requests to be taken; undefined: any that the CA signed. */
  readonly peerName: string | undefined
  /** Domains that may appear in From on requests from the peer; empty: all but our own. */
  readonly peerDomains: readonly string[]
  readonly certificate: { readonly certFile: string; readonly keyFile: string; readonly caFile: string }
  /** A folder of its own for run-time files and the presence tables. */
  readonly folder: string
  /** Kamailio worker processes per protocol; one keeps the order of what it receives, which an ACK before a MESSAGE needs. Default 1. */
  readonly workers?: number
  /** Serves SUBSCRIBE and PUBLISH for its domain (RFC 3856). */
  readonly hasPresence?: boolean
  /** Writes every SIP message in clear to files in `folder` (sipdump). */
  readonly hasTrace?: boolean
}

/** The tls module's own file: mutual TLS in both directions, nothing below TLS 1.2. */
export function kamailioTlsFile(plan: KamailioPlan): string {
  const files = `private_key = ${plan.certificate.keyFile}
certificate = ${plan.certificate.certFile}
ca_list = ${plan.certificate.caFile}
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
`
  return `[server:default]\n${files}\n[client:default]\n${files}`
}

/** `kamailio.cfg` of a plan. One file, no preprocessor: what is not asked for is not in it. */
export function kamailioConfig(plan: KamailioPlan): string {
  return [coreSettings(plan), modules(plan), mainRoute(plan), helperRoutes(plan)].join('\n')
}

function coreSettings(plan: KamailioPlan): string {
  return `#!KAMAILIO
debug=2
log_stderror=yes
memdbg=5
memlog=5
children=${plan.workers ?? 1}
tcp_children=${plan.workers ?? 1}
auto_aliases=no
alias="${plan.domain}"
alias="${plan.edgeHost}"
enable_tls=yes
listen=tls:${plan.tls.address}:${plan.tls.port}
listen=tcp:${plan.users.address}:${plan.users.port}
listen=udp:${plan.users.address}:${plan.users.port}
tcp_connection_lifetime=3605
tcp_reuse_port=no
dns=no
rev_dns=no
use_dns_cache=yes
server_signature=no
`
}

function modules(plan: KamailioPlan): string {
  const names = ['ctl', 'tls', 'tm', 'sl', 'rr', 'pv', 'maxfwd', 'textops', 'siputils', 'xlog', 'sanity', 'tmx']
  if (plan.hasPresence === true) names.push('db_text', 'presence', 'presence_xml')
  if (plan.hasTrace === true) names.push('sipdump')
  const lines = names.map((name) => `loadmodule "${name}.so"`)
  lines.push(
    `modparam("ctl", "binrpc", "unixs:${plan.folder}/ctl")`,
    `modparam("tls", "config", "${plan.folder}/tls.cfg")`,
    'modparam("rr", "enable_double_rr", 0)',
    'modparam("rr", "append_fromtag", 0)',
    // Answers that the peer never gives must not hold a test up: 5 s instead of 30 s.
    'modparam("tm", "fr_timer", 5000)',
    'modparam("tm", "fr_inv_timer", 20000)',
  )
  if (plan.hasPresence === true) {
    lines.push(
      `modparam("presence", "db_url", "text://${plan.folder}/presence")`,
      `modparam("presence", "server_address", "sip:presence@${plan.edgeHost}:${plan.tls.port};transport=tls")`,
      'modparam("presence", "subs_db_mode", 0)',
      'modparam("presence", "send_fast_notify", 1)',
      `modparam("presence_xml", "db_url", "text://${plan.folder}/presence")`,
      'modparam("presence_xml", "force_active", 1)',
    )
  }
  if (plan.hasTrace === true) {
    lines.push(
      'modparam("sipdump", "enable", 1)',
      'modparam("sipdump", "mode", 1)',
      `modparam("sipdump", "folder", "${plan.folder}")`,
      'modparam("sipdump", "wait", 10000)',
    )
  }
  return `${lines.join('\n')}\n`
}

function mainRoute(plan: KamailioPlan): string {
  const users = Object.entries(plan.contacts)
    .map(([user, contact]) => `  if ($rU == "${user}") { $du = "${contact}"; route(RELAY); exit; }`)
    .join('\n')
  const presence =
    plan.hasPresence === true
      ? `  if (is_method("SUBSCRIBE|PUBLISH")) { route(PRESENCE); exit; }`
      : '  if (is_method("PUBLISH")) { sl_send_reply("405", "Method Not Allowed"); exit; }'
  return `
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check()) { exit; }
  if ($proto == "tls") { route(CHECK_PEER); }
  if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
  if (has_totag()) { route(IN_DIALOG); exit; }
  t_check_trans();
  if ($hdr(Route) != $null) { loose_route(); }
  if (is_method("INVITE|SUBSCRIBE|REFER")) { route(RECORD); }
  if ($rd != "${plan.domain}") {
    if ($proto == "tls") { sl_send_reply("403", "No transit"); exit; }
    route(TO_GATE);
    exit;
  }
  if (is_method("OPTIONS") && $rU == $null) { sl_send_reply("200", "OK"); exit; }
${presence}
${users}
  sl_send_reply("404", "Not Found");
}
`
}

function helperRoutes(plan: KamailioPlan): string {
  const nameCheck =
    plan.peerName === undefined
      ? ''
      : `  if ($tls_peer_san_hostname != "${plan.peerName}" && $tls_peer_subject_cn != "${plan.peerName}") {
    xlog("L_WARN", "peer certificate names [$tls_peer_san_hostname] instead of ${plan.peerName}\\n");
    sl_send_reply("403", "Certificate does not match"); exit;
  }
`
  const allowed = plan.peerDomains.map((domain) => `$fd == "${domain}"`).join(' || ')
  const fromCheck =
    allowed === ''
      ? `  if (!has_totag() && $fd == "${plan.domain}") { sl_send_reply("403", "That is our domain"); exit; }`
      : `  if (!has_totag() && !(${allowed})) { sl_send_reply("403", "Domain not allowed"); exit; }`
  const presence =
    plan.hasPresence === true
      ? `
route[PRESENCE] {
  if (!t_newtran()) { sl_reply_error(); exit; }
  if (is_method("PUBLISH")) { handle_publish(); } else { handle_subscribe(); }
  t_release();
}
`
      : ''
  const presenceInDialog = plan.hasPresence === true ? '    if (is_method("SUBSCRIBE") && uri == myself) { route(PRESENCE); exit; }\n' : ''
  return `
route[CHECK_PEER] {
  if ($tls_peer_verified != 1) { sl_send_reply("403", "Certificate not verified"); exit; }
${nameCheck}${fromCheck}
}

route[IN_DIALOG] {
  if (loose_route()) {
${presenceInDialog}    route(RELAY);
    exit;
  }
${presenceInDialog}  if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
  if ($rd == "${plan.domain}" || uri == myself) { sl_send_reply("404", "Not here"); exit; }
  route(RELAY);
}

route[RECORD] {
  # One Record-Route by name serves both sides, since telephones send everything here anyhow.
  # 'advertise' on the listener, the usual way to a name, would need the machine's own resolver.
  record_route_preset("${plan.edgeHost}:${plan.tls.port};transport=tls");
}

route[TO_GATE] {
  set_advertised_address("${plan.edgeHost}");
  set_advertised_port(${plan.tls.port});
  $du = "sip:${plan.gate.host}:${plan.gate.port};transport=tls";
  route(RELAY);
}

route[RELAY] {
  if (!t_relay()) { sl_reply_error(); }
}
${presence}`
}
