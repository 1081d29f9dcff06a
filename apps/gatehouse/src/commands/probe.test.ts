import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Authority, HomeServer, type SipUser } from '@gatehouse/lab'
import { runForTest, type TestRun } from '../cli/run-for-test.ts'
import { probeCommand } from './probe.ts'

describe('gatehouse probe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-probe-'))
  const authority = Authority.create({ name: 'Partner authority' })
  const stranger = Authority.create({ name: 'Somebody else' })
  const home = new HomeServer({
    domain: 'fabrikam.example',
    host: 'sip.fabrikam.example',
    address: '127.0.0.1',
    port: 0,
    certificate: authority.issue({ dns: ['sip.fabrikam.example'] }),
    caPem: authority.certificate.certPem,
  })
  let bob: SipUser
  let noTls: Server
  const run = async (at: string, changes: Readonly<Record<string, string>> = {}): Promise<TestRun> => {
    const options: Record<string, string> = {
      cert: 'own.pem',
      key: 'own.key',
      ca: 'ca.pem',
      from: 'sip:probe@contoso.example',
      to: 'sip:bob@fabrikam.example',
      'server-name': 'sip.fabrikam.example',
      timeout: '5',
      ...changes,
    }
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
    return await runForTest([probeCommand], ['probe', '--at', at, ...args], { cwd: folder })
  }

  before(async () => {
    const own = authority.issue({ dns: ['sip.contoso.example'] })
    const other = stranger.issue({ dns: ['sip.contoso.example'] })
    const files: Record<string, string> = {
      'own.pem': own.chainPem,
      'own.key': own.keyPem,
      'other.pem': other.chainPem,
      'other.key': other.keyPem,
      'ca.pem': authority.certificate.certPem,
      'other-ca.pem': stranger.certificate.certPem,
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    await home.start()
    bob = home.addUser('bob')
    noTls = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    await new Promise<void>((resolve) => noTls.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    await home.stop()
    noTls.close()
    rmSync(folder, { recursive: true })
  })

  it('shows the answer to OPTIONS and delivers a MESSAGE', async () => {
    const at = `127.0.0.1:${home.port}`
    const options = await run(at)
    assert.equal(options.code, 0, options.out)
    assert.match(options.out, /^answer +200 OK\nrequest +OPTIONS to 127\.0\.0\.1:\d+\ntls +TLSv1\.3\ntime +connect \d+ ms/)
    const message = await runForTest(
      [probeCommand],
      `probe --at ${at} --cert own.pem --key own.key --ca ca.pem --from probe@contoso.example --to bob@fabrikam.example --json`
        .split(' ')
        .concat('--body', 'Grüße'),
      { cwd: folder },
    )
    assert.equal(message.code, 0, message.err)
    const report = JSON.parse(message.out) as Record<string, unknown>
    assert.deepEqual([report['outcome'], report['method'], report['status'], report['reason']], ['answered', 'MESSAGE', 200, 'OK'])
    const arrived = await bob.next('message')
    assert.equal(arrived.kind === 'message' ? arrived.text : '', 'Grüße')
  })

  it('another final answer is a no', async () => {
    const { code, out } = await run(`127.0.0.1:${home.port}`, { to: 'sip:nobody@fabrikam.example' })
    assert.equal(code, 1)
    assert.match(out, /^answer +404 Not Found/)
  })

  it('what is not reached, not TLS, not trusted or does not trust us says where it ended', async () => {
    const at = `127.0.0.1:${home.port}`
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const closedPort = (closed.address() as AddressInfo).port
    await new Promise<void>((resolve) => closed.close(() => resolve()))
    const cases: readonly (readonly [run: TestRun, outcome: string, why: RegExp])[] = [
      [await run(`127.0.0.1:${closedPort}`), 'unreachable', /ECONNREFUSED/],
      [await run(`127.0.0.1:${(noTls.address() as AddressInfo).port}`), 'tls-failed', /wrong version|packet length/i],
      [await run(at, { ca: 'other-ca.pem' }), 'untrusted', /GH-IDENTITY-UNTRUSTED/],
      [await run(at, { 'server-name': 'sip.tailspin.example' }), 'untrusted', /does not name sip\.tailspin\.example/],
      // Node's own server refuses a certificate by closing, without an alert.
      [await run(at, { cert: 'other.pem', key: 'other.key' }), 'no-answer', /may not trust our certificate/],
    ]
    for (const [{ code, out, err }, outcome, why] of cases) {
      assert.equal(code, 3, `${out}${err}`)
      assert.ok(out.startsWith('answer') && out.includes(outcome), out)
      assert.match(out, why)
    }
  })

  it('says what is wrong with the command line before it connects', async () => {
    assert.match((await run('nowhere')).err, /--at|not usable/)
    assert.match((await run('127.0.0.1:1', { method: 'BYE' })).err, /OPTIONS or MESSAGE/)
    assert.match((await run('127.0.0.1:1', { from: 'a b' })).err, /not a SIP address/)
    assert.equal((await run('127.0.0.1:1', { cert: 'missing.pem' })).code, 5)
  })
})
