import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createServer, type Server } from 'node:tls'
import { Authority } from '@gatehouse/lab'
import { runForTest, type TestRun } from '../cli/run-for-test.ts'
import { certCheckCommand } from './cert-check.ts'

const DAY_MS = 86_400_000

describe('gatehouse cert check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-cert-'))
  const authority = Authority.create({ name: 'Partner authority' })
  const leaf = authority.issue({ dns: ['sip.fabrikam.example'], uri: ['sip:fabrikam.example'] })
  let server: Server
  let address: string
  const run = (...args: string[]): Promise<TestRun> => runForTest([certCheckCommand], ['cert', 'check', ...args], { cwd: folder })

  before(async () => {
    const nowMs = Date.now()
    const old = authority.issue({
      dns: ['sip.fabrikam.example'],
      notBefore: new Date(nowMs - 20 * DAY_MS),
      notAfter: new Date(nowMs + DAY_MS),
    })
    const other = Authority.create({ name: 'Somebody else' })
    authority.revoke(old)
    const files: Record<string, string> = {
      'leaf.pem': leaf.chainPem,
      'old.pem': old.chainPem,
      'ca.pem': authority.certificate.certPem,
      'other-ca.pem': other.certificate.certPem,
      'nothing.pem': 'no certificate in here',
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    writeFileSync(join(folder, 'list.crl'), authority.crlPem())
    server = createServer({ cert: leaf.chainPem, key: leaf.keyPem })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`
  })
  after(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })

  it('says yes to a good one and shows its names and pin', async () => {
    const { code, out } = await run('leaf.pem', '--ca', 'ca.pem', '--domain', 'fabrikam.example', '--host', 'sip.fabrikam.example')
    assert.equal(code, 0, out)
    assert.match(out, /ok +domain: speaks for fabrikam\.example by rfc5922-uri/)
    const pin = /key pin +(\S+)/.exec(out)?.[1] ?? ''
    assert.equal((await run('leaf.pem', '--ca', 'ca.pem', '--pin', pin)).code, 0)
    assert.equal((await run('leaf.pem', '--ca', 'ca.pem', '--pin', `${'A'.repeat(43)}=`)).code, 1)
  })

  it('says no with a code: wrong root, wrong name, revoked', async () => {
    const untrusted = await run('leaf.pem', '--ca', 'other-ca.pem')
    assert.equal(untrusted.code, 1)
    assert.match(untrusted.out, /fail +path: GH-IDENTITY-/)
    assert.equal((await run('leaf.pem', '--ca', 'ca.pem', '--domain', 'contoso.example')).code, 1)
    const revoked = await run('old.pem', '--ca', 'ca.pem', '--crl', 'list.crl')
    assert.equal(revoked.code, 1)
    assert.match(revoked.out, /GH-IDENTITY-REVOKED/)
    assert.match(revoked.out, /renewal +due/)
  })

  it('asks a server', async () => {
    const { code, out } = await run(address, '--ca', 'ca.pem', '--server-name', 'sip.fabrikam.example', '--json')
    assert.equal(code, 0, out)
    const report = JSON.parse(out) as { fingerprint: string; chainLength: number }
    assert.equal(report.fingerprint, leaf.fingerprint)
  })

  it('names what it cannot read', async () => {
    assert.equal((await run('leaf.pem')).code, 2)
    assert.match((await run('leaf.pem', '--ca', 'none.pem')).err, /GH-CLI-FILE/)
    assert.match((await run('nothing.pem', '--ca', 'ca.pem')).err, /no certificate/)
    assert.match((await run('gone.pem', '--ca', 'ca.pem')).err, /does not exist and is not host:port/)
    assert.equal((await run('127.0.0.1:1', '--ca', 'ca.pem')).code, 5)
  })
})
