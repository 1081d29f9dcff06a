import { contosoPolicy, policyDocument } from '../../peers-kit/contoso-policy.ts'
import { busUser, inboxOf } from './nats-site.ts'

/** What the configurations of the services name. Files lie below `folder`, which is bound to /etc/gatehouse. */
export interface GateNames {
  readonly homePort: number
  readonly nameServer: string
  readonly natsServer: string
}

const ETC = '/etc/gatehouse'
export const HEALTH_PORT = 9090

/** The configuration of one service, as it lies in its container. */
export function gateConfig(service: string, { homePort, nameServer, natsServer }: GateNames): string {
  const pair = (name: string): string => `{ certFile: ${ETC}/${name}.pem, keyFile: ${ETC}/${name}.key }`
  return `stateDir: /var/lib/gatehouse
telemetry: { health: { address: 0.0.0.0, port: ${HEALTH_PORT} }, log: { level: info } }
bus:
  driver: nats
  servers: ["${natsServer}"]
  tls: { caFile: ${ETC}/ca.pem, certFile: ${ETC}/${busUser(service)}.pem, keyFile: ${ETC}/${busUser(service)}.key }
  inboxPrefix: ${inboxOf(service)}
policy: { signingKeyFile: ${ETC}/snapshot.key, postgres: { urlFile: ${ETC}/policy.url }, heartbeatMs: 2000 }
archive: { signingKeyFile: ${ETC}/checkpoint.key, postgres: { urlFile: ${ETC}/archive.url } }
federationPeer:
  externalEdge: { name: sip.contoso.example, listen: { address: 0.0.0.0, port: 5061 }, certificate: ${pair('sip.contoso.example')} }
  internalEdge:
    name: gate.contoso.example
    listen: { address: 0.0.0.0, port: 5062 }
    certificate: ${pair('gate.contoso.example')}
    nextHop: { host: home.contoso.example, port: ${homePort} }
  trust: [{ name: lab, files: [${ETC}/ca.pem] }]
  dns: { servers: ["${nameServer}"] }
  policy: { publicKeyFile: ${ETC}/snapshot.key.pub }
  drain: { graceMs: 0, closeMs: 0 }
publicImBridge:
  networks: { jabber: { protocol: xmpp, settings: { listen: { address: 0.0.0.0, port: 5269 }, outgoing: dialback } } }
  certificates: [${pair('contoso.example')}]
  trust: [{ name: lab, files: [${ETC}/ca.pem] }]
  dns: { servers: ["${nameServer}"] }
  policy: { publicKeyFile: ${ETC}/snapshot.key.pub }
  sealKeyFile: ${ETC}/seal.key
`
}

export const POLICY: string =
  contosoPolicy({ settings: { unverified: { message: 'deliver' } }, fabrikam: { edge: 'sip.fabrikam.example:5061' } }) +
  policyDocument('Network', 'jabber', { protocol: 'xmpp', domains: ['jabber.example'], public: false, enabled: true })
