import type { ConnectorDomains } from '@gatehouse/bridge-kit'
import type { XmppConfig } from '../config.ts'
import type { LinkEnvironment } from './link-environment.ts'
import { LinkPool } from './link-pool.ts'
import { StreamListener } from './stream-listener.ts'

/**
 * Home servers of ours, server to server. The same streams with the sides changed: the gate is the outside domains for them, and they are the
 * only ones that it speaks with. Their people are ours, so what they say comes from inside.
 */
export class HomeSide {
  readonly pool: LinkPool
  readonly listener: StreamListener
  readonly #servers: ReadonlySet<string>

  constructor(environment: LinkEnvironment, home: NonNullable<XmppConfig['home']>) {
    this.#servers = new Set(home.servers.map(({ server }) => server))
    const { config, context, onStanza } = environment
    const inner: LinkEnvironment = {
      ...environment,
      side: 'internal',
      config: {
        ...config,
        listen: home.listen,
        listenDirectTls: undefined,
        incoming: home.auth,
        outgoing: home.auth,
        targets: home.servers.map(({ server, host, port, tls }) => ({ domain: server, host, port, tls })),
      },
      context: { ...context, domains: this.#domains(home.domains) },
      // a server that proved to be another domain is not ours, whatever it may be outside
      onStanza: (arrived) => {
        if (this.serves(arrived.stanza.from.domain)) onStanza(arrived)
      },
    }
    this.pool = new LinkPool(inner)
    this.listener = new StreamListener(inner, this.pool)
  }

  serves(domain: string): boolean {
    return this.#servers.has(domain)
  }

  #domains(outside: readonly string[]): ConnectorDomains {
    const names = new Set(outside)
    return {
      isServed: (domain) => names.has(domain),
      served: () => outside.map((domain) => ({ domain, homeSystem: 'xmpp' })),
      isReachable: (domain) => this.serves(domain),
    }
  }
}
