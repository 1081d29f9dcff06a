import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorsOf } from '@gatehouse/errors'
import type { LoggerOptions } from './logger.ts'
import { createLogger } from './logger.ts'

const CANARY = 'zq-canary-7431'

function recordLog(options: Partial<LoggerOptions> = {}): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = []
  const log = createLogger({
    service: 'test',
    level: 'debug',
    destination: { write: (text) => lines.push(text) },
    nowMs: () => 0,
    ...options,
  })
  return { lines, log }
}

describe('createLogger', () => {
  it('writes one JSON object per line', () => {
    const { lines, log } = recordLog()
    log.child({ replica: 'r0' }).warn({ code: 'GH-X', count: 3n }, 'something happened')
    assert.deepEqual(JSON.parse(lines[0] ?? ''), {
      level: 'warn',
      time: '1970-01-01T00:00:00.000Z',
      service: 'test',
      replica: 'r0',
      code: 'GH-X',
      count: '3',
      message: 'something happened',
    })
  })

  it('never writes bodies, secrets or keys, at any depth, in children and in errors', () => {
    const { lines, log } = recordLog()
    const pem = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`
    const failure = errorsOf({ 'GH-X': { summary: 'It failed.', remedy: 'Try.', retry: 'never' } })('GH-X', '', {
      cause: new Error(pem),
      facts: { token: CANARY },
    })
    const bytes = Buffer.from(CANARY)
    log.info(
      { body: CANARY, deep: { list: [{ 'private-key': CANARY, private_key: CANARY, Password: CANARY }] }, bytes, pem, 'ms-body': CANARY },
      'x',
    )
    log.child({ secret: CANARY }).info({ a: { b: { c: { d: { e: { f: { g: CANARY } } } } } } }, 'y')
    log.error({ err: failure }, 'z')
    const all = lines.join('')
    assert.ok(!all.includes(CANARY), all)
    assert.ok(!all.includes(bytes.toString('base64')))
    assert.match(all, /\[14 bytes\]/)
    assert.match(all, /"code":"GH-X"/)
    assert.match(all, /"remedy":"Try\."/)
  })

  it('hashes addresses everywhere, the same address to the same hash', () => {
    const { lines, log } = recordLog({ hashAddresses: { key: 'k' } })
    log.info({ from: 'sip:Alice@contoso.example', to: { uri: '<sip:bob@fabrikam.example;tag=1>' } }, 'alice@contoso.example wrote')
    const line = lines[0] ?? ''
    assert.ok(!/alice|bob/i.test(line), line)
    const hashes = [...line.matchAll(/h~([\w-]{12})@contoso\.example/g)].map((match) => match[1])
    assert.equal(hashes.length, 2)
    assert.equal(hashes[0], hashes[1])
    const other = recordLog({ hashAddresses: { key: 'another' } })
    other.log.info({ from: 'sip:alice@contoso.example' }, '')
    assert.ok(!(other.lines[0] ?? '').includes(hashes[0] ?? ''))
  })

  it('writes readable lines that cannot steer the terminal', () => {
    const { lines, log } = recordLog({ isPretty: true })
    log.info({ peer: 'a\u001b[2Jb' }, 'up\r\nforged')
    assert.equal(lines[0], '00:00:00.000 INFO  test: up\\x0d\\x0aforged  peer=a\\x1b[2Jb\n')
  })

  it('keeps quiet below its level', () => {
    const { lines, log } = recordLog({ level: 'warn' })
    log.info({}, 'x')
    assert.equal(lines.length, 0)
    assert.equal(log.isEnabled('info'), false)
    assert.equal(log.isEnabled('error'), true)
  })
})
