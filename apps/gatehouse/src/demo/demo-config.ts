/** Addresses, names and files of one organisation's gateway in the demo. */
export interface DemoGate {
  readonly domain: string
  readonly externalAddress: string
  readonly internalAddress: string
  readonly homePort: number
  /** Folder with its certificates; its state goes there too. */
  readonly folder: string
  readonly control: string
  readonly dnsServer: string
  /** Port for XMPP servers on the external address; undefined: no public network. */
  readonly xmppPort?: number | undefined
}

/** The `gatehouse.yaml` of one organisation. YAML 1.2 is a superset of JSON, so a value can be written as it is. */
export function demoConfig(gate: DemoGate): string {
  const text = (value: string): string => JSON.stringify(value)
  const { domain, folder } = gate
  const bridge =
    gate.xmppPort === undefined
      ? ''
      : `publicImBridge:
  replica: ${domain}
  networks:
    jabber:
      protocol: xmpp
      settings: { listen: { address: ${gate.externalAddress}, port: ${gate.xmppPort} } }
  certificates:
    - { certFile: ${text(`${folder}/xmpp.pem`)}, keyFile: ${text(`${folder}/xmpp.key`)} }
  trust:
    - { name: lab, files: [${text(`${folder}/ca.pem`)}] }
  dns: { servers: [${text(gate.dnsServer)}] }
  stopGraceMs: 500
`
  return `# Made by "gatehouse demo" for ${domain}; the same file would start it alone: gatehouse up --config gatehouse.yaml
control:
  listen: ${text(gate.control)}
telemetry:
  log: { level: info }
stateDir: ${text(folder)}
federationPeer:
  replica: ${domain}
  externalEdge:
    name: sip.${domain}
    listen: { address: ${gate.externalAddress}, port: 0 }
    certificate: { certFile: ${text(`${folder}/external.pem`)}, keyFile: ${text(`${folder}/external.key`)} }
  internalEdge:
    name: gate.${domain}
    listen: { address: ${gate.internalAddress}, port: 0 }
    certificate: { certFile: ${text(`${folder}/internal.pem`)}, keyFile: ${text(`${folder}/internal.key`)} }
    nextHop: { host: home.${domain}, port: ${gate.homePort} }
  trust:
    - { name: lab, files: [${text(`${folder}/ca.pem`)}] }
  dns: { servers: [${text(gate.dnsServer)}] }
  drain: { graceMs: 0, finishMs: 2000, closeMs: 0 }
${bridge}`
}
