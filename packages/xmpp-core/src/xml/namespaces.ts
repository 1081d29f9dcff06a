/** XML namespaces of XMPP that we speak; the names are those of their documents. */
export const ns = {
  streams: 'http://etherx.jabber.org/streams',
  /** Inside the gate every stanza is in this one, whatever the content namespace of its stream is (RFC 6120 §4.8.2). */
  client: 'jabber:client',
  server: 'jabber:server',
  component: 'jabber:component:accept',
  streamErrors: 'urn:ietf:params:xml:ns:xmpp-streams',
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  tls: 'urn:ietf:params:xml:ns:xmpp-tls',
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  dialback: 'jabber:server:dialback',
  dialbackFeature: 'urn:xmpp:features:dialback',
  bidi: 'urn:xmpp:bidi',
  bidiFeature: 'urn:xmpp:features:bidi',
  management: 'urn:xmpp:sm:3',
  ping: 'urn:xmpp:ping',
  xml: 'http://www.w3.org/XML/1998/namespace',
  xmlns: 'http://www.w3.org/2000/xmlns/',
} as const
