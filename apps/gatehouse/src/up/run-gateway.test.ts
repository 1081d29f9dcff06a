import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Authority } from '@gatehouse/lab'
import { runForTest, type TestRun } from '../cli/run-for-test.ts'
import { commands } from '../commands.ts'
import { demoConfig } from '../demo/demo-config.ts'
import { fabrikamPolicy } from '../demo/policies.ts'

const folder = mkdtempSync(join(tmpdir(), 'gh-up-'))
const control = `unix:${join(folder, 'c.sock')}`
const configFile = join(folder, 'gatehouse.yaml')
const policyFile = join(folder, 'policy.yaml')

function writeFiles(): void {
  const authority = Authority.create({ name: 'Test' })
  writeFileSync(join(folder, 'ca.pem'), authority.certificate.certPem)
  for (const [name, host] of [
    ['external', 'sip.fabrikam.example'],
    ['internal', 'gate.fabrikam.example'],
  ] as const) {
    const issued = authority.issue({ dns: [host] })
    writeFileSync(join(folder, `${name}.pem`), issued.chainPem)
    writeFileSync(join(folder, `${name}.key`), issued.keyPem)
  }
  const gate = {
    domain: 'fabrikam.example',
    externalAddress: '127.0.0.1',
    internalAddress: '127.0.0.1',
    homePort: 5061,
    folder,
    control,
    dnsServer: '127.0.0.1:1',
  }
  const health = '  health: { port: 0 }\n'
  writeFileSync(configFile, demoConfig(gate).replace('  log: { level: info }\n', `  log: { level: warn }\n${health}`))
  writeFileSync(policyFile, fabrikamPolicy())
}

describe('gatehouse service', () => {
  const alone = mkdtempSync(join(tmpdir(), 'gh-alone-'))
  const file = join(alone, 'gatehouse.yaml')
  before(() => writeFileSync(file, `stateDir: ${alone}\ncontrol: { listen: "unix:${alone}/c.sock" }\n`))
  after(() => rmSync(alone, { recursive: true }))

  it('runs from a file that has only what it needs', async () => {
    const stop = new AbortController()
    const ended = runForTest(commands, ['service', 'archive', '--config', file, '--json'], {
      cwd: alone,
      stop: stop.signal,
      onOut: () => stop.abort(),
    })
    assert.equal((await ended).code, 0)
  })

  it('says what is missing', async () => {
    const edge = await runForTest(commands, ['service', 'federation-peer', '--config', file, '--replica', 'edge-7'], { cwd: alone })
    assert.equal(edge.code, 4)
    assert.match(edge.err, /federationPeer is needed to run that service.*GH-CLI-CONFIG/)
  })
})

/** One gateway for the whole file, driven by the command line only. */
describe('gatehouse up', () => {
  const stop = new AbortController()
  let running: Promise<TestRun>
  let ready: { ready: boolean; control: string; external: { port: number }; health: { address: string; port: number } }
  const run = (...args: string[]): Promise<TestRun> => runForTest(commands, [...args, '--connect', control], { cwd: folder })
  const runJson = async <T>(...args: string[]): Promise<T> => JSON.parse((await run(...args, '--json')).out) as T

  before(async () => {
    writeFiles()
    ready = await new Promise((resolve, reject) => {
      const onOut = (text: string): void => resolve(JSON.parse(text) as typeof ready)
      const args = ['up', '--config', configFile, '--policy', policyFile, '--json']
      running = runForTest(commands, args, { cwd: folder, stop: stop.signal, onOut })
      running.then((result) => reject(new Error(result.err)), reject)
    })
  })
  after(() => rmSync(folder, { recursive: true }))

  it('is ready, says where it listens, and shows health and metrics', async () => {
    assert.equal(ready.control, control)
    assert.ok(ready.external.port > 0)
    const base = `http://${ready.health.address}:${ready.health.port}`
    assert.equal((await fetch(`${base}/readyz`)).status, 200)
    assert.match(await (await fetch(`${base}/metrics`)).text(), /gatehouse_archive_sequence/)
  })

  it('applies, exports, and a round trip changes nothing', async () => {
    const exported = await run('export')
    assert.match(exported.out, /kind: AllowedDomain/)
    const resources = await run('export', '--kubernetes')
    assert.match(
      resources.out,
      /^apiVersion: policy\.gatehouse\.internal\/v1alpha1\nkind: FederationSettings\nmetadata:\n {2}name: default\n/,
    )
    assert.equal(resources.out.split('---\n').length, exported.out.split('---\n').length)
    const again = await runForTest(commands, ['apply', '-f', '-', '--prune', '--connect', control], { cwd: folder, input: exported.out })
    assert.match(again.out, /no change; revision 1 is in force/)
    const dry = await runForTest(commands, ['apply', '-f', '-', '--prune', '--dry-run', '--connect', control], { cwd: folder })
    assert.match(dry.out, /dry run: 3 changes; revision 1 stays in force/)
    const bad = await runForTest(commands, ['apply', '-f', '-', '--connect', control], { cwd: folder, input: 'kind: Nothing\n' })
    assert.equal(bad.code, 4)
    assert.match(bad.out, /stdin:1:7: error/)
    const stale = await runForTest(commands, ['apply', '-f', '-', '--expected-revision', '9', '--connect', control], {
      cwd: folder,
      input: exported.out,
    })
    assert.equal(stale.code, 4)
    assert.match(stale.err, /GH-REVISION-CONFLICT/)
    assert.equal((await run('export', '--revision', '99')).code, 1)
    const { revisions } = await runJson<{ revisions: { author: string; reason: string }[] }>('history')
    assert.deepEqual(
      revisions.map(({ author, reason }) => `${author}: ${reason}`),
      ['tester: gatehouse up --policy'],
    )
  })

  it('blocks, compares, goes back, says who has it', async () => {
    assert.equal((await run('policy', 'status')).code, 0)
    assert.match((await run('policy', 'status')).out, /^revision 1 in force on 1 of 1 replicas/)
    assert.equal((await run('block', 'evil.example')).code, 2)
    const blocked = await run('block', 'sip:Eve@evil.example', '--reason', 'bulk: "mail", ticket 4711', '--expires', '2090-01-01')
    assert.match(blocked.out, /\+ BlockEntry\/block-eve-evil.example-[0-9a-f]{8}\napplied: 1 change; revision 2/, blocked.err)
    assert.equal((await run('block', 'evil example', '--reason', 'x')).code, 4)
    assert.equal((await run('explain', '--from', 'eve@evil.example', '--to', 'carol@fabrikam.example')).code, 1)
    const difference = await run('diff', '1', '2')
    assert.equal(difference.code, 1)
    assert.match(difference.out, /^\+ BlockEntry/)
    assert.deepEqual([(await run('diff', '2')).code, (await run('diff')).code, (await run('diff', '99')).code], [0, 2, 1])
    assert.equal((await run('unblock', 'evil.example')).code, 1)
    assert.match((await run('unblock', 'eve@evil.example')).out, /- BlockEntry.*\napplied: 1 change; revision 3/)
    assert.match((await run('rollback', '2', '--dry-run')).out, /dry run: 1 change; revision 3 stays/)
    assert.match((await run('rollback', '2')).out, /applied: 1 change; revision 4/)
    assert.match((await run('apply', '--preset', 'closed')).out, /~ FederationSettings/)
    assert.equal((await run('apply', '--preset', 'ajar')).code, 2)
    assert.match((await run('rollback', '1')).out, /revision 6 is in force/)
    assert.equal((await run('diff', '1')).out, 'no difference\n')
    const { revisions } = await runJson<{ revisions: { reason: string }[] }>('history')
    assert.deepEqual(revisions.map(({ reason }) => reason).slice(0, -1), [
      'back to revision 1',
      '',
      'back to revision 2',
      'unblock eve@evil.example',
      'block eve@evil.example: bulk: "mail", ticket 4711',
    ])
  })

  it('applies, compares and exports what fits in no message, and says how far it is on a terminal only', async () => {
    const before = (await runJson<{ text: string }>('export')).text
    const blocks = Array.from(
      { length: 12_000 },
      (_, at) =>
        `---\napiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: {name: large-${at}}\nspec: {domain: d${at}.example, owner: s, reason: "öffentliche Liste"}\n`,
    )
    const input = before + blocks.join('')
    assert.ok(input.length > 1_048_576)
    const command = (args: readonly string[], isTerminal = false): Promise<TestRun> =>
      runForTest(commands, [...args, '--connect', control], { cwd: folder, input, isTerminal })
    const diff = await command(['diff', '-f', '-'])
    assert.deepEqual([diff.code, diff.err], [1, ''])
    assert.match(diff.out, /… and 11000 more/)
    const applied = await command(['apply', '-f', '-'], true)
    assert.match(applied.out, /12000 changes/)
    assert.match(applied.err, /\rsent \d+ % of 2 MiB.*the gateway reads and checks/s)
    const exported = await command(['export'], true)
    assert.equal(exported.out.split('kind: BlockEntry').length, 12_001)
    assert.match(exported.err, /of 12\d+ objects/)
    const again = await runForTest(commands, ['apply', '-f', '-', '--prune', '--connect', control], { cwd: folder, input: exported.out })
    assert.match(again.out, /no change/)
    const back = await runForTest(commands, ['apply', '-f', '-', '--prune', '--connect', control], { cwd: folder, input: before })
    assert.match(back.out, /12000 changes/)
  })

  // The lab of the course module on the Access Proxy: filter a partner, see it work, save, lose a setting, bring it back.
  it('lab: contacts only for a partner; export, delete, import, restored; explained at each step', async () => {
    const apply = (input: string): Promise<TestRun> =>
      runForTest(commands, ['apply', '-f', '-', '--connect', control], { cwd: folder, input })
    const object = (kind: string, name: string, spec: string): string =>
      `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
    const partner = (verification: string): string =>
      object('Partner', 'northwind', `{domains: [northwind.example], edge: sip.northwind.example, verification: ${verification}}`)
    const contacts = object('UserRights', 'carol', '{user: carol@fabrikam.example, contacts: [friend@northwind.example]}')
    const ask = (from: string): Promise<TestRun> => run('explain', '--from', from, '--to', 'carol@fabrikam.example', '--mark', 'verified')

    assert.equal((await apply(partner('useSourceVerification') + contacts)).code, 0)
    assert.equal((await ask('stranger@northwind.example')).code, 0, 'by default the partner’s word counts')
    await apply(partner('alwaysUnverifiable'))
    const stranger = await ask('stranger@northwind.example')
    assert.equal(stranger.code, 1)
    assert.match(stranger.out, /GH-POLICY-UNVERIFIED-MESSAGE/)
    assert.equal((await ask('friend@northwind.example')).code, 0, 'a contact passes')

    const saved = await run('export-lcs')
    assert.match(saved.out, /<property name="UserVerificationLevel">AlwaysUnverifiable</)
    writeFileSync(join(folder, 'export.xml'), saved.out)
    const without = await runJson<{ text: string }>('export')
    const pruned = without.text.replace(/apiVersion: [^\n]+\nkind: Partner\nmetadata:\n {2}name: northwind\n[\s\S]*?(?=---|$)/, '')
    await runForTest(commands, ['apply', '-f', '-', '--prune', '--connect', control], { cwd: folder, input: pruned })
    const lost = await ask('friend@northwind.example')
    assert.equal(lost.code, 1, 'the partner is gone')

    const dry = await run('import-lcs', 'export.xml', '--dry-run')
    assert.match(dry.out, /\+ Partner\/northwind\ndry run: 1 change/, dry.out + dry.err)
    assert.match((await run('import-lcs', 'export.xml')).out, /\+ Partner\/northwind\napplied: 1 change/)
    assert.equal((await ask('stranger@northwind.example')).code, 1)
    assert.equal((await ask('friend@northwind.example')).code, 0)
    assert.match((await run('import-lcs', 'export.xml')).out, /no change/)
    const foreign =
      '<x><c name="MSFT_SIPProxySetting"><property name="AcceptCompression">true</property><property name="Odd">1</property></c></x>'
    writeFileSync(join(folder, 'pool.xml'), foreign)
    assert.match((await run('import-lcs', 'pool.xml')).out, /absent .*AcceptCompression = true.*\nunknown .*Odd = 1/)
    writeFileSync(join(folder, 'bad.xml'), '<!DOCTYPE x><x/>')
    assert.equal((await run('import-lcs', 'bad.xml')).code, 4)
  })

  it('explains with an exit code that says the verdict', async () => {
    const outbound = await run(
      'explain',
      '--from',
      'carol@fabrikam.example',
      '--to',
      'alice@contoso.example',
      '--srv',
      'sip.contoso.example:5061',
    )
    assert.equal(outbound.code, 0, outbound.out)
    assert.match(outbound.out, /^ALLOW/)
    const spoofed = await run(
      'explain',
      '--from',
      'sip:carol@fabrikam.example',
      '--to',
      'dave@fabrikam.example',
      '--side',
      'external',
      '--peer',
      'sip.woodgrove.example',
    )
    assert.equal(spoofed.code, 1)
    assert.equal((await run('explain', '--from', 'nobody', '--to', 'x')).code, 2)
    assert.match(spoofed.out, /►\s+source-binding\s+GH-POLICY-SOURCE-INTERNAL/)
  })

  it('lists peers, searches and verifies an archive without messages', async () => {
    assert.deepEqual((await runJson<{ peers: unknown[] }>('peers')).peers, [])
    const search = await run('archive', 'search', '--since', '1h')
    assert.equal(search.code, 1)
    assert.equal(search.out, 'none\n')
    const out = join(folder, 'export.jsonl')
    assert.equal((await run('archive', 'export', '-o', out)).code, 0)
    // The searches above are on record themselves.
    assert.match(readFileSync(out, 'utf8'), /"record"/)
  })

  it('shows an outbox that is empty, and drops nothing unasked', async () => {
    assert.deepEqual((await runJson<{ destinations: unknown[] }>('outbox', 'list')).destinations, [])
    assert.deepEqual([(await run('outbox', 'retry')).code, (await run('outbox', 'retry')).out], [1, 'nothing waits\n'])
    assert.equal((await run('outbox', 'drop', 'sip.fabrikam.example', '--all')).code, 1)
    assert.match((await run('outbox', 'drop', 'sip.fabrikam.example')).err, /GH-CLI-USAGE/)
    assert.match((await run('outbox', 'list', '--messages', 'x')).err, /GH-CLI-USAGE/)
  })

  it('refuses a second one at the same address with a code and a remedy', async () => {
    const second = await runForTest(commands, ['up', '--config', configFile], { cwd: folder })
    assert.equal(second.code, 5)
    assert.match(second.err, /GH-RPC-LISTEN|GH-ARCHIVE|GH-REVISION|GH-BUS-STORE/)
  })

  it('drains and ends with 0 when it is told to', async () => {
    stop.abort()
    const { code } = await running
    assert.equal(code, 0)
    assert.equal((await run('peers')).code, 3)
  })

  it('names every mistake of a configuration with its line', async () => {
    const file = join(folder, 'bad.yaml')
    writeFileSync(file, 'federationPear: {}\ntelemetry:\n  log: { level: loud }\n')
    for (const args of [
      ['config', 'check', file],
      ['up', '--config', file],
    ]) {
      const { code, out, err } = await runForTest(commands, args, { cwd: folder })
      assert.equal(code, 4)
      assert.match(out + err, /bad\.yaml:1:1: unknown key 'federationPear'; did you mean 'federationPeer'\? \(GH-CONFIG-UNKNOWN-KEY\)/)
      assert.match(out + err, /bad\.yaml:3:17: .*loud.*allowed: debug, info, warn, error/)
    }
    assert.equal((await runForTest(commands, ['config', 'check', configFile], { cwd: folder })).code, 0)
  })
})
