import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { createTestContext } from '@gatehouse/bridge-kit/test'
import { type Gate, TwoGates } from './testing/two-gates.ts'

const gates = new TwoGates()
let gate: Gate
before(async () => {
  gate = await gates.open('contoso.example')
})
after(async () => gate.close())

const OPEN = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='evil.example' to='contoso.example' version='1.0'>`

/** What a stranger is answered until the connection ends. */
function attack(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: gate.connector.ports[0] as number })
    let answer = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (answer.includes('</stream:stream>')) socket.end()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
    socket.write(bytes)
  })
}

async function whenLogged(condition: string): Promise<string> {
  for (;;) {
    const line = gate.context.logLines.find(
      (each) => each.startsWith('an XMPP stream was ended') && each.includes(`"condition":"${condition}"`),
    )
    if (line !== undefined) return line
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Over a real socket: what the attacker reads, and what the log says. */
const ATTACKS: readonly (readonly [why: string, bytes: string | Buffer, condition: string])[] = [
  ['a bomb of entities', `<!DOCTYPE lolz [<!ENTITY lol "lol">]>${OPEN}`, 'restricted-xml'],
  ['bytes that are no UTF-8 on the wire', Buffer.concat([Buffer.from(OPEN), Buffer.from([0xc3, 0x28])]), 'unsupported-encoding'],
  ['a stranger with a megabyte', `${OPEN}<message>${'x'.repeat(1_000_000)}`, 'policy-violation'],
  ['one who says he is one of us', OPEN.replace('evil.example', 'contoso.example'), 'invalid-from'],
  ['a stream for somebody else', OPEN.replace("to='contoso.example'", "to='other.example'"), 'host-unknown'],
]

for (const [why, bytes, condition] of ATTACKS) {
  test(`${why}: a stream error, a line in the log, nothing taken in`, async () => {
    assert.match(await attack(bytes), new RegExp(`<stream:error><${condition} `))
    const line = await whenLogged(condition)
    assert.match(line, /"remote":"127\.0\.0\.1"/)
    assert.ok(line.length < 2_000, 'what the attacker wrote does not fill the log')
    assert.equal(gate.context.received.length, 0)
  })
}

test('a server that accepts and never answers: a certain failure when the time of the message is over', async () => {
  const deaf = createServer(() => undefined)
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
  const { port } = deaf.address() as AddressInfo
  const targets = [{ domain: 'deaf.example', host: 'deaf.example', port, tls: 'starttls' as const }]
  const other = await gates.open('tailspin.example', createTestContext, { targets })
  const from = { user: 'tina', domain: 'tailspin.example' }
  const handover = gates.handover(from, { user: 'bob', domain: 'deaf.example' }, { kind: 'message', messageId: 'm1', text: 'hello?' })
  const outcome = await other.connector.send({ ...handover, deadlineMs: Date.now() + 500 })
  assert.deepEqual([outcome.code, outcome.isCertain], ['GH-XMPP-TOO-LATE', true])
  await other.close()
  deaf.close()
})
