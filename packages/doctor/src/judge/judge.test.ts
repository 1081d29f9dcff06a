import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyLook } from '../doctor-gate.ts'
import type { Place } from '../examination.ts'
import type { Finding } from '../report.ts'
import { readPlain } from '../wire/peek-plain.ts'
import { judgeAddresses } from './judge-addresses.ts'
import { judgeEcho, judgeOptions } from './judge-answer.ts'
import { holdsStrangers, judgePolicy } from './judge-policy.ts'
import { judgeSrv } from './judge-srv.ts'
import { judgeTcp, type Knock } from './judge-tcp.ts'
import { judgeHandshake, judgeTlsFailure, mayBePlain } from './judge-tls.ts'

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code, result }) => `${result} ${code.replace('GH-DOCTOR-', '')}`)

describe('SRV', () => {
  const target = (host: string, port = 5061): { host: string; port: number; priority: number; weight: number } => ({
    host,
    port,
    priority: 0,
    weight: 0,
  })
  const found = (...targets: ReturnType<typeof target>[]): Finding[] => [
    ...judgeSrv({ evidence: { status: 'found', targets }, records: targets, errorCode: '' }, 'fabrikam.example'),
  ]

  it('takes hosts directly in the domain, on any port but that of plain SIP', () => {
    assert.deepEqual(codes(found(target('sip.fabrikam.example'), target('edge2.fabrikam.example', 443))), [])
    assert.deepEqual(codes(found(target('sip.fabrikam.example', 5060))), ['warn SRV-PLAIN-PORT'])
    assert.deepEqual(codes(found(target('fabrikam.example'))), ['fail SRV-OUTSIDE'])
    assert.deepEqual(codes(found(target('sip.fabrikam.example.hoster.example'))), ['fail SRV-OUTSIDE'])
  })

  it('tells a silent name server from one that fails, and both from a domain without a record', () => {
    const failed = (errorCode: string): string[] =>
      codes(judgeSrv({ evidence: { status: 'failed', detail: '' }, records: [], errorCode }, 'fabrikam.example'))
    assert.deepEqual(failed('ETIMEOUT'), ['fail SRV-TIMEOUT'])
    assert.deepEqual(failed('ESERVFAIL'), ['fail SRV-FAILED'])
    assert.deepEqual(failed('EREFUSED'), ['fail SRV-FAILED'])
    const none = judgeSrv({ evidence: { status: 'none', detail: '' }, records: [], errorCode: 'ENOTFOUND' }, 'fabrikam.example')
    assert.match(none[0]?.detail ?? '', /_sipfederationtls\._tcp\.fabrikam\.example: .*NXDOMAIN/)
  })
})

describe('addresses and TCP', () => {
  it('an address that DNS could not give is another fault than one that is not there', () => {
    const look = (isCertain: boolean): Parameters<typeof judgeAddresses>[0][number] => ({
      host: 'sip.fabrikam.example',
      look: { addresses: [], failure: 'x', isCertain, alias: undefined },
    })
    assert.deepEqual(codes(judgeAddresses([look(true)])), ['fail ADDRESS-NONE'])
    assert.deepEqual(codes(judgeAddresses([look(true), look(false)])), ['fail ADDRESS-FAILED'])
  })

  it('a refusal tells more than silence, silence more than no way', () => {
    const place: Place = { host: 'sip.fabrikam.example', address: '192.0.2.1', port: 5061 }
    const knock = (code: string, isTimeout = false): Knock => ({ place, code, isTimeout, durationMs: 1 })
    assert.deepEqual(codes(judgeTcp([knock(''), knock('')])), [])
    assert.deepEqual(codes(judgeTcp([knock(''), knock('', true)])), ['warn TCP-SOME-DEAD'])
    assert.deepEqual(codes(judgeTcp([knock('', true), knock('ECONNREFUSED')])), ['fail TCP-REFUSED'])
    assert.deepEqual(codes(judgeTcp([knock('', true), knock('ENETUNREACH')])), ['fail TCP-TIMEOUT'])
    assert.deepEqual(codes(judgeTcp([knock('EHOSTUNREACH')])), ['fail TCP-UNREACHABLE'])
  })
})

describe('TLS', () => {
  const failure = (code: string, isTimeout = false): Parameters<typeof judgeTlsFailure>[0] => ({
    ok: false,
    stage: 'tls',
    isTimeout,
    code,
    detail: '',
    connectMs: 1,
    handshakeMs: 1,
  })

  it('names what the alert means', () => {
    const cases: readonly (readonly [code: string, expected: string])[] = [
      ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS-NOT-TLS'],
      ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS-VERSION'],
      ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'TLS-CIPHERS'],
      ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'TLS-OWN-CERTIFICATE'],
      ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'TLS-OWN-CERTIFICATE'],
      ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'TLS-OWN-CERTIFICATE'],
      ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'TLS-OWN-CERTIFICATE'],
      ['ECONNRESET', 'TLS-CLOSED'],
      ['', 'TLS-CLOSED'],
      ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'TLS-FAILED'],
    ]
    for (const [code, expected] of cases) assert.deepEqual(codes(judgeTlsFailure(failure(code), undefined)), [`fail ${expected}`], code)
  })

  it('asks in plain only where it may help, and believes what it hears', () => {
    assert.deepEqual([mayBePlain(failure('', true)), mayBePlain(failure('ECONNRESET'))], [true, false])
    const plain = (text: string): ReturnType<typeof readPlain> => readPlain(Buffer.from(text, 'latin1'))
    assert.deepEqual(plain('SIP/2.0 200 OK\r\nVia: x'), { kind: 'sip', firstLine: 'SIP/2.0 200 OK' })
    assert.equal(plain('HTTP/1.1 400 Bad Request\r\n').kind, 'http')
    assert.deepEqual(plain('220 \u0007mail\n'), { kind: 'other', firstLine: '220 ?mail' })
    assert.equal(readPlain(Buffer.from([21, 3, 1, 0, 2, 2, 70])).kind, 'silent')
    assert.deepEqual(codes(judgeTlsFailure(failure('', true), { kind: 'silent' })), ['fail TLS-TIMEOUT'])
  })

  it('a refusal of our certificate may come after the handshake', () => {
    assert.deepEqual(codes(judgeHandshake({ asksForCertificate: true, after: 'closed', code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' })), [
      'fail TLS-OWN-CERTIFICATE',
    ])
    assert.deepEqual(codes(judgeHandshake({ asksForCertificate: true, after: 'closed', code: '' })), ['fail TLS-CLOSED-AFTER'])
    assert.deepEqual(codes(judgeHandshake({ asksForCertificate: true, after: 'quiet', code: '' })), [])
    assert.deepEqual(codes(judgeHandshake({ asksForCertificate: false, after: 'accepted', code: '' })), ['warn TLS-NOT-MUTUAL'])
  })
})

describe('policy', () => {
  const look = (code: string): PolicyLook => ({
    isAllowed: code === '',
    code,
    reason: '',
    partner: 'fabrikam',
    peerClass: 'direct',
    revision: 1,
  })

  it('tells refusals of the partner from those of the people in the test, and from strangers that are held', () => {
    assert.deepEqual(codes(judgePolicy(undefined)), ['fail POLICY-NONE'])
    assert.deepEqual(codes(judgePolicy({ outbound: look(''), inbound: look('') })), [])
    assert.deepEqual(codes(judgePolicy({ outbound: look('GH-POLICY-BLOCKED'), inbound: look('') })), ['fail POLICY-BLOCKED'])
    assert.deepEqual(codes(judgePolicy({ outbound: look('GH-POLICY-METHOD'), inbound: undefined })), ['fail POLICY-REFUSED'])
    assert.deepEqual(codes(judgePolicy({ outbound: look(''), inbound: look('GH-POLICY-SOURCE-CLIENT-AUTH') })), ['fail POLICY-INBOUND'])
    assert.deepEqual(codes(judgePolicy({ outbound: look('GH-POLICY-USER-FEDERATION'), inbound: undefined })), ['warn POLICY-USER'])
    const strangers = { outbound: look(''), inbound: look('GH-POLICY-UNVERIFIED-MESSAGE') }
    assert.deepEqual([codes(judgePolicy(strangers)), holdsStrangers(strangers)], [[], true])
  })
})

describe('no answer', () => {
  it('is told by how it ended', () => {
    assert.deepEqual(codes(judgeOptions({ kind: 'timeout' }, 0, false)), ['fail OPTIONS-TIMEOUT'])
    assert.deepEqual(codes(judgeOptions({ kind: 'timeout' }, 1, false)), ['fail OPTIONS-VIA'])
    assert.deepEqual(codes(judgeOptions({ kind: 'closed', code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', detail: '' }, 0, false)), [
      'fail TLS-OWN-CERTIFICATE',
    ])
    assert.deepEqual(codes(judgeOptions({ kind: 'broken', detail: 'GH-SIP-HEAD-SIZE: x' }, 0, false)), ['fail OPTIONS-HUGE'])
    assert.deepEqual(codes(judgeEcho({ kind: 'closed', code: '', detail: '' }, false, true)), ['fail ECHO-FAILED'])
  })
})
