import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { VERSION } from '../commands/version.ts'
import { commands } from '../commands.ts'
import { runForTest } from './run-for-test.ts'

const run = (args: string, options = {}): ReturnType<typeof runForTest> => runForTest(commands, args === '' ? [] : args.split(' '), options)

describe('the command line', () => {
  it('lists every command and exit code', async () => {
    const { code, out, err } = await run('--help')
    assert.equal(code, 0)
    assert.equal(err, '')
    for (const command of commands) assert.ok(out.includes(`\n  ${command.name} `), command.name)
    assert.equal((await run('')).code, 2)
  })

  it('explains every command with its options and at least one example', async () => {
    for (const command of commands) {
      const { code, out } = await run(`${command.name} --help`)
      assert.equal(code, 0, command.name)
      for (const option of command.options) assert.ok(out.includes(`--${option.name}`), `${command.name} --${option.name}`)
      assert.ok(out.includes('--json') && command.examples.length > 0, command.name)
      for (const example of command.examples) assert.ok(out.includes(example.command), example.command)
      assert.equal((await run(`help ${command.name}`)).out, out)
    }
  })

  it('has option names that every command means the same by', () => {
    const shorts = new Map<string, string>()
    for (const { options } of commands) {
      for (const { name, short } of options) {
        if (short === undefined) continue
        assert.ok(name.startsWith(short), `-${short} for --${name}`)
        shorts.set(name, short)
      }
    }
    assert.equal(shorts.get('file'), 'f')
  })

  it('names the word that is wrong and what was likely meant', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['expalin', /no command 'expalin'; did you mean 'explain'/],
      ['archive', /'archive' needs one of: search, verify, export/],
      ['archive serach', /'archive' needs one of/],
      ['explain --form a@b.example', /has no --form; did you mean --from/],
      ['explain --from a@b.example', /needs --to/],
      ['explain --from', /argument missing/],
      ['config check', /needs FILE/],
      ['version extra', /'extra' is too much/],
      ['apply -f x --expected-revision one', /--expected-revision is a number/],
      ['explain --from a@b.example --to c@d.example --mark maybe', /verified or unverified/],
      ['archive search --since yesterday', /neither a time nor an age/],
      ['archive verify -f export.jsonl', /needs --public-key/],
      ['service mail --config x', /There is no service 'mail'/],
      ['peers --connect nowhere', /not usable/],
      ['peers --connect host.example:1', /needs certificates/],
    ]
    for (const [line, expected] of cases) {
      const { code, out, err } = await run(line)
      assert.equal(code, 2, line)
      assert.equal(out, '', line)
      assert.match(err, expected, line)
    }
  })

  it('says as JSON what went wrong, on standard error', async () => {
    const { code, out, err } = await run('peers --json --connect unix:/nonexistent/gatehouse.sock')
    assert.equal(code, 3)
    assert.equal(out, '')
    const { error } = JSON.parse(err) as { error: { code: string; remedy: string; retry: string } }
    assert.equal(error.code, 'GH-RPC-UNREACHABLE')
    assert.equal(error.retry, 'later')
    assert.notEqual(error.remedy, '')
  })

  it('says that no gateway is known where none was started', async () => {
    const { code, err } = await run('peers')
    assert.equal(code, 3)
    assert.match(err, /GH-CLI-NO-GATEWAY/)
    assert.equal((await run('peers', { env: { GATEHOUSE_CONNECT: 'unix:/nonexistent/x.sock' } })).code, 3)
  })

  it('has colours on a terminal only, and never with NO_COLOR', async () => {
    assert.ok((await run('--help', { isTerminal: true })).out.includes('\u001b['))
    assert.ok(!(await run('--help')).out.includes('\u001b['))
    assert.ok(!(await run('--help', { isTerminal: true, env: { NO_COLOR: '1' } })).out.includes('\u001b['))
  })

  it('has the version of the package', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
    assert.equal(VERSION, manifest.version)
    assert.equal((await run('--version')).out, `gatehouse ${manifest.version}\n`)
    assert.deepEqual(JSON.parse((await run('version --json')).out), { version: manifest.version })
  })
})
