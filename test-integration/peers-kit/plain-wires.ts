import { connect } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Wires } from '@gatehouse/bridge-kit'
import type { PeerIdentity } from '@gatehouse/im-model'

/** Sockets for a connector that is tested without the bridge around it; every host is on this machine. Certificates are judged by Node. */
export function plainWires(caPem: string): Wires {
  return {
    connect: ({ port }) =>
      new Promise((resolve, reject) => {
        const stream = connect(port, '127.0.0.1')
        stream.once('error', reject)
        stream.once('connect', () => resolve({ stream, remote: { address: '127.0.0.1', port }, security: undefined }))
      }),
    secure: (wire, _role, { name }) =>
      new Promise((resolve, reject) => {
        const stream = connectTls({ socket: wire.stream, servername: name, ca: caPem })
        stream.once('error', reject)
        stream.once('secureConnect', () =>
          resolve({ stream, remote: wire.remote, security: { protocol: stream.getProtocol() ?? '', peer: identityOf(stream), alpn: '' } }),
        )
      }),
    listen: () => Promise.reject(new Error('nobody listens in this test')),
  }
}

function identityOf(stream: TLSSocket): PeerIdentity {
  const { subjectaltname, fingerprint256 } = stream.getPeerCertificate()
  return {
    isAuthenticated: stream.authorized,
    refusal: undefined,
    names: {
      dns: [...(subjectaltname ?? '').matchAll(/DNS:([^,\s]+)/g)].map((match) => match[1] as string),
      sipDomains: [],
      commonName: undefined,
    },
    anchors: ['test'],
    mayBeTlsClient: true,
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    spkiPin: '',
    issuer: '',
    serial: '',
    notAfterMs: Number.MAX_SAFE_INTEGER,
  }
}
