import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectorDns, Handover } from '@gatehouse/bridge-kit'
import { createTestContext, type TestContext, type TestContextParts } from '@gatehouse/bridge-kit/test'
import type { ImAddress, ImContent } from '@gatehouse/im-model'
import { Authority } from '@gatehouse/lab'
import { PeerValidator, trustStoreFrom } from '@gatehouse/peer-identity'
import { NodeWires } from '../../../core/wires/node-wires.ts'
import { loadOwnCertificate } from '../../../core/wires/own-certificate.ts'
import { type XmppConfig, xmppConfigSchema } from '../config.ts'
import { XmppConnector } from '../connector.ts'

const PATIENCE_MS = 20_000

/** One connector over real TLS on loopback, serving one domain. */
export interface Gate {
  readonly domain: string
  readonly connector: XmppConnector
  readonly context: TestContext
  close(): Promise<void>
}

/** Two domains whose servers are connectors of ours, on loopback with TLS; records of both in one table. */
export class TwoGates {
  readonly authority: Authority = Authority.create({ name: 'Two gates' })
  readonly #ports = new Map<string, number>()
  #ids = 0

  /** `context`: how the test makes it. A gate that is opened again keeps its port. */
  async open(
    domain: string,
    context: (parts: TestContextParts) => TestContext = createTestContext,
    settings: Partial<XmppConfig> = {},
  ): Promise<Gate> {
    const own = await this.#certificate(domain)
    const { store } = trustStoreFrom('lab', [{ name: 'root.pem', bytes: Buffer.from(this.authority.certPem) }])
    const validator = new PeerValidator({ stores: [store], crls: [], revocation: 'whenPresent', nowMs: Date.now })
    const wires = new NodeWires({
      addresses: () => Promise.resolve(['127.0.0.1']),
      validate: (chain) => validator.validate(chain),
      certificates: () => [own],
      maxConnections: 50,
      onFault: (thrown) => {
        throw thrown
      },
    })
    const domains = { isServed: (name: string) => name === domain, served: () => [{ domain, homeSystem: 'sip' }], isReachable: () => true }
    const made = context({ wires, dns: this.#dns(), domains })
    const listen = { address: '127.0.0.1', port: this.#ports.get(domain) ?? 0 }
    const connector = new XmppConnector(xmppConfigSchema.parse({ listen, ...settings }), made)
    await connector.start()
    this.#ports.set(domain, connector.ports[0] as number)
    const close = async (): Promise<void> => {
      await connector.stop(0)
      wires.close()
    }
    return { domain, connector, context: made, close }
  }

  handover<Content extends ImContent>(from: ImAddress, to: ImAddress, content: Content): Handover<Content> {
    this.#ids += 1
    const id = Buffer.alloc(16)
    id.writeUInt32BE(this.#ids, 12)
    const nowMs = Date.now()
    return {
      envelope: { id, receivedAtMs: nowMs, from, to, conversation: 'c1', content },
      side: 'external',
      account: undefined,
      mark: 'verified',
      evidence: 'V3',
      deadlineMs: nowMs + PATIENCE_MS,
    }
  }

  #dns(): ConnectorDns {
    return {
      srv: (name) => {
        const port = name.startsWith('_xmpp-server._tcp.') ? this.#ports.get(name.slice('_xmpp-server._tcp.'.length)) : undefined
        if (port === undefined) return Promise.resolve({ status: 'none', detail: name })
        return Promise.resolve({ status: 'found', targets: [{ host: 'xmpp.example.net', port, priority: 0, weight: 0 }] })
      },
    }
  }

  async #certificate(domain: string): Promise<Awaited<ReturnType<typeof loadOwnCertificate>>> {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-xmpp-'))
    try {
      const issued = this.authority.issue({ dns: [domain] })
      const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
      writeFileSync(files.certFile, issued.chainPem)
      writeFileSync(files.keyFile, issued.keyPem)
      return await loadOwnCertificate(files)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
