import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type OpenArchive, openArchive, SampleRecords } from '@gatehouse/archive/test'
import { ArchiveService } from '@gatehouse/proto'
import { createRpcServer, type RpcServer } from '@gatehouse/rpc'
import { silentLogger } from '@gatehouse/telemetry'
import { runForTest, type TestRun } from '../cli/run-for-test.ts'
import { commands } from '../commands.ts'

const ALICE = 'sip:alice@contoso.example'
const BOB = 'sip:bob@fabrikam.example'
/** Said by bob and alice in turn; with what mail programs stumble over. */
const SAID = ['Grüße, 世界 ✓', 'a line\r\n.\r\nFrom the start\r\n', 'x'.repeat(2000), '<b>&amp;</b> ]]>', 'the last word']

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('gatehouse archive, against a running archive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-archive-cli-'))
  const control = `unix:${join(folder, 'c.sock')}`
  const publicKey = join(folder, 'archive.db.key.pub')
  const ids: string[] = []
  let archive: OpenArchive
  let server: RpcServer
  const run = (...args: string[]): Promise<TestRun> => runForTest(commands, ['archive', ...args], { cwd: folder })
  const ask = (...args: string[]): Promise<TestRun> => run(...args, '--connect', control)

  before(async () => {
    const keyFile = join(folder, 'wrapping-keys')
    assert.equal((await run('key', keyFile)).code, 0)
    const bed = { config: { databaseFile: join(folder, 'archive.db') }, folder, run: async () => {}, spoil: async () => {} }
    archive = await openArchive(bed, { encryption: { keyFile }, retention: { days: 3650 } })
    server = createRpcServer({ listen: control, log: silentLogger, isServing: () => true })
    server.add(ArchiveService, archive.service.calls)
    await server.start()
    const samples = new SampleRecords()
    for (const [at, text] of SAID.entries()) {
      const [fromAddress, toAddress, direction] = at % 2 === 0 ? [BOB, ALICE, 'inbound'] : [ALICE, BOB, 'outbound']
      const body = Buffer.from(text)
      const facts = { fromAddress, toAddress, direction, body, bodyBytes: body.length, conversation: `call-${Math.floor(at / 2)}` }
      const { id, record } = samples.entry(facts)
      ids.push(Buffer.from(id).toString('hex'))
      await archive.append(record)
    }
  })
  after(async () => {
    await server.stop()
    await archive.stop()
    rmSync(folder, { recursive: true })
  })

  it('proves one message, and such a proof is checked without the archive', async () => {
    const { out } = await ask('proof', ids[1]!)
    writeFileSync(join(folder, 'proof.json'), out)
    assert.equal((await run('proof', '--check', 'proof.json', '--public-key', publicKey)).code, 0)
    writeFileSync(join(folder, 'other.json'), out.replace(/"committedAtUs":\d/, '"committedAtUs":2'))
    assert.equal((await run('proof', '--check', 'other.json', '--public-key', publicKey)).code, 1)
  })

  it('exports the log, and a change in the export is found offline', async () => {
    assert.equal((await ask('export', '-o', 'log.jsonl')).code, 0)
    assert.equal((await run('verify', '-f', 'log.jsonl', '--public-key', publicKey)).code, 0)
    const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').split('\n')
    writeFileSync(join(folder, 'cut.jsonl'), lines.toSpliced(2, 1).join('\n'))
    const cut = await run('verify', '-f', 'cut.jsonl', '--public-key', publicKey)
    assert.deepEqual([cut.code, /GH-ARCHIVE-GAP/.test(cut.out)], [1, true])
    assert.equal((await ask('verify')).code, 0)
  })

  for (const format of ['jsonl', 'eml', 'rsmf', 'actiance']) {
    it(`exports for a reviewer as ${format}, with a proof of each record`, async () => {
      const out = `case-${format}`
      assert.equal((await ask('export', '--format', format, '--user', 'bob@fabrikam.example', '--reason', 'case 12', '-o', out)).code, 0)
      const verified = await run('verify', '--folder', out, '--public-key', publicKey)
      assert.deepEqual([verified.code, /5 records checked/.test(verified.out)], [0, true], verified.out)
      const changed = filesIn(join(folder, out)).find((name) => /messages|conversations/.test(name))!
      copyFileSync(publicKey, join(folder, out, changed))
      assert.equal((await run('verify', '--folder', out, '--public-key', publicKey)).code, 1)
    })
  }

  it('as mail it is read by a mail parser that is not ours', { skip: hasPython ? false : 'no python3 here' }, async () => {
    assert.equal((await ask('export', '--format', 'eml', '--reason', 'case 12', '-o', 'mails')).code, 0)
    const files = filesIn(join(folder, 'mails')).filter((name) => name.endsWith('.eml'))
    const script = `
import sys, json, email, email.policy
for name in sys.argv[1:]:
    mail = email.message_from_binary_file(open(name, 'rb'), policy=email.policy.default)
    assert not mail.defects, mail.defects
    body = mail.get_body(('plain',))
    print(json.dumps({'from': mail['From'].addresses[0].addr_spec, 'date': mail['Date'].datetime is not None, 'text': body.get_content()}))`
    const read = spawnSync('python3', ['-c', script, ...files.sort().map((name) => join(folder, 'mails', name))], { encoding: 'utf8' })
    assert.equal(read.status, 0, read.stderr)
    const mails = read.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { from: string; date: boolean; text: string })
    assert.deepEqual(
      mails.map(({ from, date }) => [from, date]),
      SAID.map((_, at) => [(at % 2 === 0 ? BOB : ALICE).slice(4), true]),
    )
    const plain = (text: string): string => text.replaceAll('\r\n', '\n').trimEnd()
    for (const [at, { text }] of mails.entries()) assert.ok(plain(text).includes(plain(SAID[at]!)), text.slice(0, 200))
  })

  it('holds beat erasure; what is erased is gone from search and export, and the chain is whole', async () => {
    const hold = ['--user', 'bob@fabrikam.example', '--reason', 'court order']
    assert.equal((await ask('hold', 'add', 'case-12', ...hold)).code, 0)
    assert.match((await ask('hold', 'list')).out, /case-12/)
    assert.equal((await ask('erase', '--user', 'alice@contoso.example', '--reason', 'request 44')).code, 1)
    assert.match((await ask('search', '--text', 'last word', '--show-body')).out, /the last word/)
    assert.equal((await ask('hold', 'release', 'case-12', '--reason', 'closed')).code, 0)
    const erased = await ask('erase', '--user', 'alice@contoso.example', '--reason', 'request 44')
    assert.deepEqual([erased.code, erased.out], [0, '1 keys destroyed\n'])
    assert.match((await ask('search', '--from', 'bob@fabrikam.example', '--show-body')).out, /\[erased\]/)
    assert.equal((await ask('search', '--text', 'last word')).code, 1)
    assert.equal((await ask('verify')).code, 0)
  })
})

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name))
}
