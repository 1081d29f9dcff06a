import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool, type ManagedProcess, startProcess } from '@gatehouse/test-integration'
import type { RelayOrder } from './child-messages.ts'

/** Kamailio doing what our gate does without its archive: mutual TLS, certificate against From, allow-list, stateful relay. */
export function relayConfig(order: RelayOrder, folder: string): string {
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
modparam("tls", "config", "${folder}/tls.cfg")
modparam("htable", "htable", "partner=>size=8;")

event_route[htable:mod-init] {
  $sht(partner=>fabrikam.example) = "edge.fabrikam.example";
  $sht(partner=>example.org) = "edge.example.org";
}

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check()) { exit; }
  if ($tls_peer_verified != 1) { sl_send_reply("403", "Forbidden"); exit; }
  if ($sht(partner=>$fd) == $null) { sl_send_reply("403", "Forbidden"); exit; }
  if ($tls_peer_san_hostname != $sht(partner=>$fd)) { sl_send_reply("403", "Forbidden"); exit; }
  if ($rd != "contoso.example") { sl_send_reply("404", "Not Found"); exit; }
  if (!t_newtran()) { sl_reply_error(); exit; }
  $du = "sip:${order.upstreamHost}:${order.upstreamPort};transport=tls";
  if (!t_relay()) { sl_reply_error(); }
}
`
}

export async function startKamailioRelay(order: RelayOrder, folder: string): Promise<ManagedProcess> {
  const tool = findTool('kamailio')
  if (tool === undefined) throw new Error('kamailio is not installed')
  mkdirSync(folder, { recursive: true })
  const files = `private_key = ${order.keyFile}\ncertificate = ${order.certFile}\nca_list = ${order.caFile}\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n`
  writeFileSync(join(folder, 'tls.cfg'), `[server:default]\n${files}\n[client:default]\n${files}`)
  writeFileSync(join(folder, 'kamailio.cfg'), relayConfig(order, folder))
  return startProcess({
    name: 'kamailio relay',
    command: tool,
    args: ['-DD', '-E', '-m', '512', '-M', '16', '-Y', folder, '-w', folder, '-f', join(folder, 'kamailio.cfg')],
    logFile: join(folder, 'kamailio.log'),
    ready: { ports: [{ host: order.host, port: order.port }] },
  })
}
