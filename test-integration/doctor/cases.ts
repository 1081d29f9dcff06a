import { selfSigned } from '@gatehouse/lab'
import { createResponse, encodeMessage } from '@gatehouse/sip-core'
import type { Bed, Case } from './clinic.ts'
import { answerWith, type Manners, messageAnswer } from './sip-double.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** A loopback address where no test listens. */
const EMPTY_ADDRESS = '127.0.0.77'
/** For partners that keep silent: how long they are listened to. */
const SILENT = { timeoutMs: 1_000 } as const

const healthy: readonly Case[] = [
  { name: 'in good health', code: '', overall: 'ok', setUp: async (bed) => bed.publish(await bed.edge()) },
  edgeWith('a certificate for its domain as URI', '', 'ok', (bed) => bed.issue({ dns: [], uri: [`sip:${bed.domain}`] })),
  edgeWith('a public certificate: serverAuth only', '', 'ok', (bed) => bed.issue({ eku: ['serverAuth'] })),
  edgeWith('a certificate without extended key usage', '', 'ok', (bed) => bed.issue({ eku: [] })),
  edgeWith('the whole chain below an intermediate', '', 'ok', (bed) => bed.authorities.issuing.issue({ dns: [bed.host] })),
  mannersOf('no echo address', '', 'ok', messageAnswer(404)),
]

const dns: readonly Case[] = [
  { name: 'no SRV record at all', code: 'GH-DOCTOR-SRV-NONE', overall: 'fail', setUp: () => {} },
  {
    name: 'a name without SRV records',
    code: 'GH-DOCTOR-SRV-NONE',
    overall: 'fail',
    setUp: ({ dns, domain }) => dns.zone.setAddresses(`_sipfederationtls._tcp.${domain}`, ['127.0.0.1']),
  },
  faulty('a name server that fails', 'GH-DOCTOR-SRV-FAILED', 'servfail'),
  faulty('a name server that is silent', 'GH-DOCTOR-SRV-TIMEOUT', 'silence'),
  recordOf('a record that says no', 'GH-DOCTOR-SRV-DISABLED', 'fail', () => '.'),
  recordOf('an address in the record', 'GH-DOCTOR-SRV-ADDRESS', 'fail', () => '127.0.0.1'),
  {
    name: 'port 0 in the record',
    code: 'GH-DOCTOR-SRV-UNUSABLE',
    overall: 'fail',
    setUp: (bed) => bed.publish(0),
  },
  {
    name: 'a host of somebody else in the record',
    code: 'GH-DOCTOR-SRV-OUTSIDE',
    overall: 'fail',
    setUp: async (bed) => bed.publish(await bed.edge(), 'sip.hoster.example'),
  },
  {
    name: 'a host two labels below the domain',
    code: 'GH-DOCTOR-SRV-OUTSIDE',
    overall: 'fail',
    setUp: async (bed) => bed.publish(await bed.edge(), `edge.sip.${bed.domain}`),
  },
  {
    name: 'one of two hosts of somebody else',
    code: 'GH-DOCTOR-SRV-SOME-OUTSIDE',
    overall: 'warn',
    setUp: async (bed) => {
      const port = await bed.edge()
      bed.publish(port)
      bed.dns.zone.setFederation(bed.domain, [
        { host: bed.host, port },
        { host: 'sip.hoster.example', port },
      ])
    },
  },
  {
    name: 'the port of SIP without TLS',
    code: 'GH-DOCTOR-SRV-PLAIN-PORT',
    overall: 'fail',
    setUp: ({ dns, domain, host }) => {
      dns.zone.setFederation(domain, [{ host, port: 5060 }])
      dns.zone.setAddresses(host, [EMPTY_ADDRESS])
    },
  },
  {
    name: 'a host without an address',
    code: 'GH-DOCTOR-ADDRESS-NONE',
    overall: 'fail',
    setUp: ({ dns, domain, host }) => dns.zone.setFederation(domain, [{ host, port: 5061 }]),
  },
  {
    name: 'a host whose zone fails',
    code: 'GH-DOCTOR-ADDRESS-FAILED',
    overall: 'fail',
    setUp: ({ dns, domain, host }) => {
      dns.zone.setFederation(domain, [{ host, port: 5061 }])
      dns.zone.setFault(host, 'servfail')
    },
  },
  {
    name: 'one of two hosts without an address',
    code: 'GH-DOCTOR-ADDRESS-SOME-NONE',
    overall: 'warn',
    setUp: async (bed) => {
      const port = await bed.edge()
      bed.publish(port)
      bed.dns.zone.setFederation(bed.domain, [
        { host: bed.host, port },
        { host: `gone.${bed.domain}`, port },
      ])
    },
  },
  {
    name: 'an alias in the record',
    code: 'GH-DOCTOR-ADDRESS-ALIAS',
    overall: 'warn',
    setUp: async (bed) => {
      bed.publish(await bed.edge())
      bed.dns.zone.setAlias(bed.host, `real.${bed.domain}`)
      bed.dns.zone.setAddresses(`real.${bed.domain}`, ['127.0.0.1'])
    },
  },
]

const network: readonly Case[] = [
  { name: 'nothing at the port', code: 'GH-DOCTOR-TCP-REFUSED', overall: 'fail', setUp: async (bed) => bed.publish(await bed.deadPort()) },
  {
    name: 'one of two servers dead',
    code: 'GH-DOCTOR-TCP-SOME-DEAD',
    overall: 'warn',
    setUp: async (bed) => {
      bed.publish(await bed.edge())
      bed.dns.zone.setAddresses(bed.host, ['127.0.0.1', EMPTY_ADDRESS])
    },
  },
  plainPort('SIP without TLS', 'GH-DOCTOR-TLS-PLAIN-SIP', 'SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
  plainPort('a web server', 'GH-DOCTOR-TLS-HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
  plainPort('a mail server', 'GH-DOCTOR-TLS-NOT-TLS', '500 5.5.2 Error: bad syntax\r\n'),
  {
    name: 'a port that says nothing',
    code: 'GH-DOCTOR-TLS-TIMEOUT',
    overall: 'fail',
    setUp: async (bed) => bed.publish(await bed.plain(() => {})),
    options: SILENT,
  },
  {
    name: 'a port that hangs up',
    code: 'GH-DOCTOR-TLS-CLOSED',
    overall: 'fail',
    setUp: async (bed) => bed.publish(await bed.plain((socket) => void socket.once('data', () => socket.destroy()))),
  },
  tlsOf('TLS 1.1', 'GH-DOCTOR-TLS-VERSION', 'fail', {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  }),
  {
    name: 'cipher suites of long ago',
    code: 'GH-DOCTOR-TLS-CIPHERS',
    overall: 'fail',
    setUp: async (bed) => {
      const tls = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' } as const
      bed.publish(await bed.edge({ certificate: bed.issue({ key: 'rsa-2048' }), tls }))
    },
  },
  {
    name: 'no trust in our authority, TLS 1.3',
    code: 'GH-DOCTOR-TLS-CLOSED-AFTER',
    overall: 'fail',
    setUp: async (bed) => bed.publish(await bed.edge({ tls: { ca: bed.authorities.stranger.certPem } })),
  },
  {
    name: 'no trust in our authority, TLS 1.2',
    code: 'GH-DOCTOR-TLS-CLOSED',
    overall: 'fail',
    setUp: async (bed) => bed.publish(await bed.edge({ tls: { ca: bed.authorities.stranger.certPem, maxVersion: 'TLSv1.2' } })),
  },
  tlsOf('no interest in our certificate', 'GH-DOCTOR-TLS-NOT-MUTUAL', 'warn', { requestCert: false }),
]

const certificates: readonly Case[] = [
  edgeWith('a self-signed certificate', 'GH-DOCTOR-CHAIN-SELF-SIGNED', 'fail', (bed) => selfSigned({ dns: [bed.host] })),
  edgeWith('an authority that we do not know', 'GH-DOCTOR-CHAIN-UNTRUSTED', 'fail', (bed) =>
    bed.authorities.stranger.issue({ dns: [bed.host] }),
  ),
  edgeWith('no intermediate sent', 'GH-DOCTOR-CHAIN-INCOMPLETE', 'fail', (bed) => {
    const issued = bed.authorities.issuing.issue({ dns: [bed.host] })
    return { ...issued, chainPem: issued.certPem }
  }),
  edgeWith('a name its authority may not certify', 'GH-DOCTOR-CHAIN-BAD', 'fail', (bed) =>
    bed.authorities.constrained.issue({ dns: [bed.host] }),
  ),
  {
    name: 'a key of 1024 bits',
    code: 'GH-DOCTOR-CHAIN-WEAK',
    overall: 'fail',
    setUp: async (bed) =>
      bed.publish(await bed.edge({ certificate: bed.issue({ key: 'rsa-1024' }), tls: { ciphers: 'DEFAULT:@SECLEVEL=0' } })),
  },
  {
    name: 'a signature with SHA-1',
    code: 'GH-DOCTOR-CHAIN-WEAK',
    overall: 'fail',
    setUp: async (bed) =>
      bed.publish(await bed.edge({ certificate: bed.issue({ digest: 'sha1' }), tls: { ciphers: 'DEFAULT:@SECLEVEL=0' } })),
  },
  edgeWith('the name of somebody else', 'GH-DOCTOR-NAME-MISMATCH', 'fail', (bed) => bed.issue({ dns: ['sip.hoster.example'] })),
  edgeWith('a wildcard', 'GH-DOCTOR-NAME-WILDCARD', 'fail', (bed) => bed.issue({ dns: [`*.${bed.domain}`] })),
  edgeWith('the domain of somebody else as URI', 'GH-DOCTOR-NAME-MISMATCH', 'fail', (bed) =>
    bed.issue({ dns: [], uri: ['sip:hoster.example'] }),
  ),
  edgeWith('a common name only', 'GH-DOCTOR-NAME-COMMON-NAME-ONLY', 'warn', (bed) => bed.issue({ dns: [], commonName: bed.host })),
  edgeWith('a certificate for signing code', 'GH-DOCTOR-USAGE-WRONG', 'fail', (bed) => bed.issue({ eku: ['codeSigning'] })),
  edgeWith('clientAuth only', 'GH-DOCTOR-USAGE-NO-SERVER', 'warn', (bed) => bed.issue({ eku: ['clientAuth'] })),
  edgeWith('a certificate that expired', 'GH-DOCTOR-VALIDITY-EXPIRED', 'fail', (bed) =>
    bed.issue({ notBefore: new Date(bed.nowMs - 60 * DAY_MS), notAfter: new Date(bed.nowMs - DAY_MS) }),
  ),
  edgeWith('a certificate of next month', 'GH-DOCTOR-VALIDITY-NOT-YET', 'fail', (bed) =>
    bed.issue({ notBefore: new Date(bed.nowMs + 20 * DAY_MS), notAfter: new Date(bed.nowMs + 60 * DAY_MS) }),
  ),
  edgeWith('a clock that is ahead', 'GH-DOCTOR-VALIDITY-CLOCK', 'fail', (bed) =>
    bed.issue({ notBefore: new Date(bed.nowMs + 2 * HOUR_MS), notAfter: new Date(bed.nowMs + 60 * DAY_MS) }),
  ),
  edgeWith('a certificate that ends next week', 'GH-DOCTOR-VALIDITY-SOON', 'warn', (bed) =>
    bed.issue({ notAfter: new Date(bed.nowMs + 7 * DAY_MS) }),
  ),
  edgeWith('a revoked certificate', 'GH-DOCTOR-REVOKED', 'fail', (bed) => {
    const issued = bed.issue()
    bed.authorities.trusted.revoke(issued)
    return issued
  }),
  edgeWith('an authority whose list we let grow old', 'GH-DOCTOR-REVOCATION-STALE', 'warn', (bed) =>
    bed.authorities.stale.issue({ dns: [bed.host] }),
  ),
]

const sip: readonly Case[] = [
  mannersOf('no answer to SIP', 'GH-DOCTOR-OPTIONS-TIMEOUT', 'fail', () => ({}), SILENT),
  mannersOf('an end in the place of an answer', 'GH-DOCTOR-OPTIONS-CLOSED', 'fail', () => ({ ends: true })),
  mannersOf('an answer that is no SIP', 'GH-DOCTOR-OPTIONS-GARBAGE', 'fail', () => ({ bytes: '<html>\r\n<body>hello</body>\r\n\r\n' })),
  mannersOf('an answer without end', 'GH-DOCTOR-OPTIONS-HUGE', 'fail', () => ({
    bytes: `SIP/2.0 200 OK\r\nX-Fill: ${'x'.repeat(100_000)}`,
  })),
  mannersOf('a body larger than we take', 'GH-DOCTOR-OPTIONS-HUGE', 'fail', (request) => {
    const response = createResponse(request, 200)
    response.headers.set('Content-Length', '99999999')
    return { bytes: Buffer.from(encodeMessage(response)).toString('latin1').replace('Content-Length: 0', 'Content-Length: 99999999') }
  }),
  mannersOf(
    'answers with another Via',
    'GH-DOCTOR-OPTIONS-VIA',
    'fail',
    (request) => {
      const response = createResponse(request, 200)
      response.headers.set('Via', 'SIP/2.0/TLS somewhere.example:5061;branch=z9hG4bKother')
      return { bytes: encodeMessage(response) }
    },
    SILENT,
  ),
  mannersOf('403', 'GH-DOCTOR-OPTIONS-FORBIDDEN', 'fail', answerWith(403)),
  mannersOf('404', 'GH-DOCTOR-OPTIONS-NOT-FOUND', 'warn', answerWith(404)),
  mannersOf('405 to OPTIONS', 'GH-DOCTOR-OPTIONS-METHOD', 'warn', (request) =>
    answerWith(request.method === 'OPTIONS' ? 405 : 404)(request),
  ),
  mannersOf('a loop: 483', 'GH-DOCTOR-OPTIONS-LOOP', 'fail', answerWith(483)),
  mannersOf('503', 'GH-DOCTOR-OPTIONS-AWAY', 'fail', answerWith(503)),
  mannersOf('a refusal of another kind', 'GH-DOCTOR-OPTIONS-REFUSED', 'fail', answerWith(488)),
  mannersOf('an end after each answer', 'GH-DOCTOR-OPTIONS-CLOSES', 'warn', (request) => ({ ...answerWith(200)(request), ends: true })),
  mannersOf('an echo that does not come', 'GH-DOCTOR-ECHO-UNSEEN', 'warn', messageAnswer(200), SILENT),
  mannersOf('a refusal of messages', 'GH-DOCTOR-ECHO-REFUSED', 'warn', messageAnswer(403)),
  mannersOf('no answer to a message', 'GH-DOCTOR-ECHO-FAILED', 'fail', messageAnswer(undefined), SILENT),
]

/** Every partner is well but for the one thing in its name; the code is that of the first step that has something to say. */
export const CASES: readonly Case[] = [...healthy, ...dns, ...network, ...certificates, ...sip]

function edgeWith(name: string, code: Case['code'], overall: Case['overall'], certificate: (bed: Bed) => ReturnType<Bed['issue']>): Case {
  return { name, code, overall, setUp: async (bed) => bed.publish(await bed.edge({ certificate: certificate(bed) })) }
}

function mannersOf(name: string, code: Case['code'], overall: Case['overall'], manners: Manners, options: Case['options'] = {}): Case {
  return { name, code, overall, setUp: async (bed) => bed.publish(await bed.edge({ manners })), options }
}

function tlsOf(
  name: string,
  code: Case['code'],
  overall: Case['overall'],
  tls: NonNullable<Parameters<Bed['edge']>[0]>['tls'] & object,
): Case {
  return { name, code, overall, setUp: async (bed) => bed.publish(await bed.edge({ tls })) }
}

function faulty(name: string, code: Case['code'], fault: 'servfail' | 'silence'): Case {
  return {
    name,
    code,
    overall: 'fail',
    setUp: ({ dns, domain }) => dns.zone.setFault(`_sipfederationtls._tcp.${domain}`, fault),
    ...(fault === 'silence' ? { options: SILENT } : {}),
  }
}

function recordOf(name: string, code: Case['code'], overall: Case['overall'], host: (bed: Bed) => string): Case {
  return { name, code, overall, setUp: (bed) => bed.dns.zone.setFederation(bed.domain, [{ host: host(bed), port: 5061 }]) }
}

/** A server that answers whatever comes with one text. */
function plainPort(name: string, code: Case['code'], text: string): Case {
  return {
    name,
    code,
    overall: 'fail',
    setUp: async (bed) => bed.publish(await bed.plain((socket) => void socket.on('data', () => socket.write(text)))),
  }
}
