import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Authority } from '@gatehouse/lab'
import { runForTest } from '../cli/run-for-test.ts'
import { commands } from '../commands.ts'

/** One service alone, its control address on TCP: the way an operator works from another machine. */
describe('gatehouse service with a control address on TCP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-control-'))
  const at = (name: string): string => join(folder, name)
  after(() => rmSync(folder, { recursive: true }))

  it('serves callers with a certificate of the authority and a role, and nobody else', async () => {
    const authority = Authority.create({ name: 'Operators' })
    const stranger = Authority.create({ name: 'Others' })
    for (const [name, issued] of [
      ['server', authority.issue({ dns: ['localhost'] })],
      ['operator', authority.issue({ commonName: 'operator' })],
      ['guest', authority.issue({ commonName: 'guest' })],
      ['other', stranger.issue({ commonName: 'operator' })],
    ] as const) {
      writeFileSync(at(`${name}.pem`), issued.chainPem)
      writeFileSync(at(`${name}.key`), issued.keyPem)
    }
    writeFileSync(at('ca.pem'), authority.certificate.certPem)
    writeFileSync(at('gatehouse.yaml'), configText(at))
    const stop = new AbortController()
    let onReady: (text: string) => void = () => {}
    const ready = new Promise<string>((resolve) => {
      onReady = resolve
    })
    const args = ['service', 'archive', '--config', at('gatehouse.yaml'), '--json']
    const running = runForTest(commands, args, { cwd: folder, stop: stop.signal, onOut: onReady })
    const { control } = JSON.parse(await Promise.race([ready, running.then((result) => result.err)])) as { control: string }
    const connect = ['--connect', control.replace('127.0.0.1', 'localhost'), '--tls-ca', at('ca.pem')]
    const identity = (name: string): string[] => ['--tls-cert', at(`${name}.pem`), '--tls-key', at(`${name}.key`)]
    const good = await runForTest(commands, ['archive', 'verify', ...connect, ...identity('operator')], { cwd: folder })
    assert.equal(good.code, 0, good.err + good.out)
    const bad = await runForTest(commands, ['archive', 'verify', '--timeout', '5', ...connect, ...identity('other')], { cwd: folder })
    assert.equal(bad.code, 3)
    for (const [args, code] of [
      [['archive', 'verify'], 'GH-ARCHIVE-ROLE'],
      [['tail'], 'GH-CONTROL-ROLE'],
    ] as const) {
      const guest = await runForTest(commands, [...args, ...connect, ...identity('guest')], { cwd: folder })
      assert.notEqual(guest.code, 0)
      assert.match(guest.err, new RegExp(code), guest.err)
      assert.match(guest.err, /List the name in its certificate under (archive|control)\.access/)
    }
    const elsewhere = await runForTest(commands, ['peers', ...connect, ...identity('operator')], { cwd: folder })
    assert.match(elsewhere.err, /GH-RPC-NO-METHOD/)
    stop.abort()
    assert.equal((await running).code, 0)
  })
})

function configText(at: (name: string) => string): string {
  return `
stateDir: ${at('state')}
control:
  listen: 127.0.0.1:0
  tls: { certFile: ${at('server.pem')}, keyFile: ${at('server.key')}, caFile: ${at('ca.pem')} }
  access: [{ caller: operator, role: auditor }]
telemetry: { log: { level: error } }
federationPeer:
  externalEdge: { name: sip.contoso.example, listen: { address: 127.0.0.1 }, certificate: { certFile: x, keyFile: x } }
  internalEdge:
    name: gate.contoso.example
    listen: { address: 127.0.0.1 }
    certificate: { certFile: x, keyFile: x }
    nextHop: { host: home.contoso.example }
  trust: [{ name: lab, files: [x] }]
archive: { access: [{ caller: operator, role: reader }] }
`
}
