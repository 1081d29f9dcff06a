import { createTestContext, type TestContext } from '@gatehouse/bridge-kit/test'
import { PeerValidator, trustStoreFrom } from '@gatehouse/peer-identity'
import { loadOwnCertificate, NodeDns, NodeWires, type XmppConfig, XmppConnector, xmppConfigSchema } from '@gatehouse/public-im-bridge'

export interface XmppConnectorPlan {
  /** Domains that it speaks for. */
  readonly served: readonly string[]
  readonly certificate: { readonly certFile: string; readonly keyFile: string }
  /** The only root it trusts. */
  readonly rootPem: string
  /** `address:port` of the only name server that it asks. */
  readonly nameServer: string
  /** The same, when it validates and its word is to count for DANE. */
  readonly validating?: string | undefined
  /** On loopback. */
  readonly port: number
  readonly directPort: number
  readonly config?: Partial<XmppConfig>
  /** Domains whose servers it may talk to; default: all that it does not serve. */
  readonly isReachable?: (domain: string) => boolean
}

export interface StartedXmppConnector {
  readonly connector: XmppConnector
  readonly context: TestContext
  readonly stop: () => Promise<void>
}

/** The gate's XMPP connector without the bridge around it, on real sockets: a server as good as any other. */
export async function startXmppConnector(plan: XmppConnectorPlan): Promise<StartedXmppConnector> {
  const { served } = plan
  const { store } = trustStoreFrom('lab', [{ name: 'root.pem', bytes: Buffer.from(plan.rootPem) }])
  const validator = new PeerValidator({ stores: [store], crls: [], revocation: 'whenPresent', nowMs: Date.now })
  const certificate = await loadOwnCertificate(plan.certificate)
  const resolver = new NodeDns({ servers: [plan.nameServer], validating: plan.validating, timeoutMs: 2_000, tries: 2 }, Math.random)
  const wires = new NodeWires({
    addresses: (host) => (host === 'localhost' ? Promise.resolve(['127.0.0.1']) : resolver.addresses(host)),
    validate: (chain) => validator.validate(chain),
    certificates: () => [certificate],
    maxConnections: 100,
    onFault: (thrown) => process.stderr.write(`# fault: ${String(thrown)}\n`),
  })
  const context = createTestContext({
    wires,
    dns: resolver,
    domains: {
      isServed: (domain) => served.includes(domain),
      served: () => served.map((domain) => ({ domain, homeSystem: 'sip' })),
      isReachable: plan.isReachable ?? ((domain) => !served.includes(domain)),
    },
  })
  const address = '127.0.0.1'
  const listen = { listen: { address, port: plan.port }, listenDirectTls: { address, port: plan.directPort } }
  const connector = new XmppConnector(xmppConfigSchema.parse({ ...listen, ...plan.config }), context)
  await connector.start()
  const stop = async (): Promise<void> => {
    await connector.stop(0)
    wires.close()
  }
  return { connector, context, stop }
}
