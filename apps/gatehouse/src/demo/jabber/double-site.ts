import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestContext, type TestContext } from '@gatehouse/bridge-kit/test'
import type { ImAddress } from '@gatehouse/im-model'
import { PeerValidator, trustStoreFrom } from '@gatehouse/peer-identity'
import { loadOwnCertificate, NodeDns, NodeWires, XmppConnector, xmppConfigSchema } from '@gatehouse/public-im-bridge'
import { freePort } from './free-port.ts'
import type { JabberOptions, JabberSite } from './jabber-site.ts'
import { TextQueue } from './text-queue.ts'

const DNS = { timeoutMs: 2_000, tries: 2 }
const SEND_MS = 10_000

/** A stand-in for an XMPP server: the gate's own XMPP connector plays the other side, over real TLS and the real protocol. */
export async function openDouble(options: JabberOptions, why: string): Promise<JabberSite> {
  const { domain, user, address, authority, folder, dnsServer, publish } = options
  mkdirSync(folder, { recursive: true })
  const issued = authority.issue({ commonName: domain, dns: [domain] })
  const files = { certFile: join(folder, 'jabber.pem'), keyFile: join(folder, 'jabber.key') }
  writeFileSync(files.certFile, issued.chainPem)
  writeFileSync(files.keyFile, issued.keyPem, { mode: 0o600 })
  const own = await loadOwnCertificate(files)
  const { store } = trustStoreFrom('lab', [{ name: 'ca.pem', bytes: Buffer.from(authority.certificate.certPem) }])
  const validator = new PeerValidator({ stores: [store], crls: [], revocation: 'whenPresent', nowMs: Date.now })
  const dns = new NodeDns({ servers: [dnsServer], ...DNS }, Math.random)
  const listen = { address, port: await freePort(address) }
  publish(listen.port)
  const texts = new TextQueue()
  const domains = { isServed: (name: string) => name === domain, served: () => [{ domain, homeSystem: 'xmpp' }], isReachable: () => true }

  const start = async (): Promise<{ connector: XmppConnector; context: TestContext; wires: NodeWires }> => {
    const wires = new NodeWires({
      addresses: (host) => dns.addresses(host),
      validate: (chain) => validator.validate(chain),
      certificates: () => [own],
      maxConnections: 50,
      onFault: () => undefined,
    })
    const context = createTestContext({ wires, dns, domains })
    context.answerWith(({ content }) => {
      if (content.kind === 'message') texts.add(content.text)
      return { status: 'sent', code: '', detail: '', isCertain: true, retry: 'never', sipStatus: 200, remoteId: '', notice: '' }
    })
    const connector = new XmppConnector(xmppConfigSchema.parse({ listen }), context)
    await connector.start()
    return { connector, context, wires }
  }
  let running: Awaited<ReturnType<typeof start>> | undefined = await start()
  const goAway = async (): Promise<void> => {
    await running?.connector.stop(0)
    running?.wires.close()
    running = undefined
  }
  return {
    made: `a stand-in, for ${why}: our own XMPP code plays the other server`,
    person: `${user}@${domain}`,
    nextText: () => texts.next(),
    say: async (to, text) => {
      const id = randomBytes(16)
      const nowMs = Date.now()
      await running?.connector.send({
        envelope: {
          id,
          receivedAtMs: nowMs,
          from: { user, domain },
          to: addressOf(to),
          conversation: 'demo',
          content: { kind: 'message', messageId: id.toString('hex'), text },
        },
        side: 'external',
        account: undefined,
        mark: 'verified',
        evidence: 'V3',
        deadlineMs: nowMs + SEND_MS,
      })
    },
    goAway,
    comeBack: async () => {
      running = await start()
    },
    stop: goAway,
  }
}

function addressOf(text: string): ImAddress {
  const at = text.indexOf('@')
  return { user: text.slice(0, at), domain: text.slice(at + 1) }
}
