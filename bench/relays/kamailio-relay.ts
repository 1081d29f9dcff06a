import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool, startProcess } from '@gatehouse/test-integration'
import type { RelayOrder } from '../load/load-orders.ts'
import { type AccountStore, startAccountStore } from './account-store.ts'
import type { RunningRelay } from './relay-case.ts'

/** Kamailio keeps what a message was in its accounting table before it relays it, as our archive does. */
function accountConfig({ url }: AccountStore): string {
  return `
loadmodule "db_postgres.so"
loadmodule "acc.so"
modparam("acc", "db_url", "${url}")
modparam("acc", "db_flag", 1)
modparam("acc", "db_extra", "src_user=$fU;src_domain=$fd;dst_user=$rU;dst_domain=$rd;content_type=$cT;body=$rb")
`
}

/** Kamailio doing what our gate does: mutual TLS, certificate against From, allow-list, stateful relay; with an account store also a durable record. */
function relayConfig(order: RelayOrder, folder: string, account: AccountStore | undefined): string {
  const partners = order.domains.map((domain) => `  $sht(partner=>${domain}) = "edge.${domain}";`).join('\n')
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=2
auto_aliases=no
alias="contoso.example"
enable_tls=yes
listen=tls:${order.host}:${order.port}
tcp_connection_lifetime=3605
tcp_reuse_port=no
# Of 32 KiB by default: some 40 messages that the next hop has not read yet, and the connection is closed with 477 for all of them.
tcp_conn_wq_max=4194304
tcp_wq_max=67108864
dns=no
rev_dns=no
server_signature=no
loadmodule "tls.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "sanity.so"
loadmodule "htable.so"
# Over TLS nothing is sent again, so an answered transaction need not be remembered for the default of 5 s. At 6,000 messages/s that filled the
# shared memory; tls then refused to send ("not enough memory for safe operation") and every message was answered 477.
modparam("tm", "wt_timer", 1000)
modparam("tls", "config", "${folder}/tls.cfg")
modparam("htable", "htable", "partner=>size=8;")
${account === undefined ? '' : accountConfig(account)}
event_route[htable:mod-init] {
${partners}
}

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check()) { exit; }
  if ($tls_peer_verified != 1) { sl_send_reply("403", "Forbidden"); exit; }
  if ($sht(partner=>$fd) == $null) { sl_send_reply("403", "Forbidden"); exit; }
  if ($tls_peer_san_hostname != $sht(partner=>$fd)) { sl_send_reply("403", "Forbidden"); exit; }
  if ($rd != "contoso.example") { sl_send_reply("404", "Not Found"); exit; }
  if (!t_newtran()) { sl_reply_error(); exit; }
${account === undefined ? '' : '  if (!acc_db_request("100 taken", "acc")) { t_reply("503", "Service Unavailable"); exit; }\n'}  $du = "sip:${order.upstreamHost}:${order.upstreamPort};transport=tls";
  if (!t_relay()) { sl_reply_error(); }
}
`
}

export async function startKamailioRelay(order: RelayOrder, folder: string, hasAccount: boolean): Promise<RunningRelay> {
  const tool = findTool('kamailio')
  if (tool === undefined) throw new Error('kamailio is not installed')
  mkdirSync(folder, { recursive: true })
  const account = hasAccount ? await startAccountStore() : undefined
  const files = `private_key = ${order.keyFile}\ncertificate = ${order.certFile}\nca_list = ${order.caFile}\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n`
  writeFileSync(join(folder, 'tls.cfg'), `[server:default]\n${files}\n[client:default]\n${files}`)
  writeFileSync(join(folder, 'kamailio.cfg'), relayConfig(order, folder, account))
  const kamailio = await startProcess({
    name: 'kamailio relay',
    command: tool,
    args: ['-DD', '-E', '-m', '2048', '-M', '16', '-Y', folder, '-w', folder, '-f', join(folder, 'kamailio.cfg')],
    logFile: join(folder, 'kamailio.log'),
    ready: { ports: [{ host: order.host, port: order.port }] },
  })
  return {
    processes: [
      { name: 'kamailio', pid: kamailio.pid, isOwn: true },
      ...(account === undefined ? [] : [{ name: 'postgres', pid: account.pid, isOwn: false }]),
    ],
    async stop() {
      await kamailio.stop()
      await account?.stop()
    },
  }
}
