const DEFAULT_TLS_PORT = 5061

/** One edge as the world addresses it. */
export interface OwnEdge {
  readonly host: string
  readonly port: number
}

/** Tells our own URIs from everybody else's: in Route, Record-Route and Request-URI. */
export class OwnNames {
  external: OwnEdge
  internal: OwnEdge

  constructor(external: OwnEdge, internal: OwnEdge) {
    this.external = { host: external.host.toLowerCase(), port: external.port }
    this.internal = { host: internal.host.toLowerCase(), port: internal.port }
  }

  /** For an edge whose port the system chose: known once it listens. */
  settlePort(side: 'external' | 'internal', port: number): void {
    if (this[side].port === 0) this[side] = { host: this[side].host, port }
  }

  isOwn(uri: { readonly host: string; readonly port: number | undefined }): boolean {
    return matches(this.external, uri) || matches(this.internal, uri)
  }

  of(side: 'external' | 'internal'): OwnEdge {
    return side === 'external' ? this.external : this.internal
  }

  /** The URI for Record-Route, with the token that makes it ours (RFC 3261 §16.6 step 4: a SIP URI with `lr`). */
  recordRoute(side: 'external' | 'internal', token: string): string {
    const edge = this.of(side)
    return `<sip:${edge.host}:${edge.port};transport=tls;lr;gh=${token}>`
  }
}

function matches(edge: OwnEdge, uri: { readonly host: string; readonly port: number | undefined }): boolean {
  return uri.host === edge.host && (uri.port ?? DEFAULT_TLS_PORT) === edge.port
}
