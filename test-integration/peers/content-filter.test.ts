import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { headerOf, statusOf } from '../peers-kit/wire-message.ts'

const INSPECTOR = join(import.meta.dirname, '../../examples/inspector/main.ts')

/** Links from outside are refused, links from inside are made harmless, and the example inspector sees what goes out. */
function policy(socket: string): string {
  return `---
apiVersion: gatehouse/v1
kind: ContentFilter
metadata: {name: inbound}
spec: {links: {action: block}, scope: {directions: [inbound]}}
---
apiVersion: gatehouse/v1
kind: ContentFilter
metadata: {name: outbound}
spec: {links: {action: neutralise}, scope: {directions: [outbound]}}
---
apiVersion: gatehouse/v1
kind: Inspector
metadata: {name: example}
spec: {target: "unix:${socket}", scope: {directions: [outbound]}}
`
}

const text = [['Content-Type', 'text/plain']] as const

test(
  'content filter and inspector between two Kamailios',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('filter', async (rack, t) => {
    const socket = rack.path('inspector/inspector.sock')
    const inspector = spawn(
      process.execPath,
      ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', INSPECTOR, `unix:${socket}`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    rack.onStop(async () => {
      inspector.kill()
      if (inspector.exitCode === null) await once(inspector, 'exit')
    })
    await once(inspector.stdout, 'data')
    const { contoso, fabrikam } = await startFederation(rack, { dialect: 'microsoft', morePolicy: policy(socket) })
    const alice = contoso.phones['alice']!
    const bob = fabrikam.phones['bob']!
    alice.onRequest = () => ({ status: 200 })
    bob.onRequest = () => ({ status: 200 })

    await rack.step(t, 'a link from outside is refused with a warning', async () => {
      const refused = await bob.request('MESSAGE', `sip:${alice.address}`, { headers: text, body: 'see http://fabrikam.example/x' })
      assert.equal(statusOf(refused), 606, refused.startLine)
      assert.match(headerOf(refused, 'Warning') ?? '', /^309 sip\.contoso\.example "The message was not delivered because/)
      const passed = await bob.request('MESSAGE', `sip:${alice.address}`, { headers: text, body: 'no link' })
      assert.equal(statusOf(passed), 200, passed.startLine)
      assert.equal((await alice.waitForRequest('MESSAGE')).body, 'no link')
    })

    await rack.step(t, 'a link from inside arrives as plain text', async () => {
      const sent = await alice.request('MESSAGE', `sip:${bob.address}`, { headers: text, body: 'see http://contoso.example/x' })
      assert.equal(statusOf(sent), 200, sent.startLine)
      assert.equal((await bob.waitForRequest('MESSAGE')).body, 'see _http://contoso.example/x')
    })

    await rack.step(t, 'the inspector blocks and alters', async () => {
      const blocked = await alice.request('MESSAGE', `sip:${bob.address}`, { headers: text, body: 'about project falcon' })
      assert.equal(statusOf(blocked), 606, blocked.startLine)
      assert.match(headerOf(blocked, 'ms-diagnostics') ?? '', /GH-POLICY-INSPECTOR-BLOCKED/)
      const altered = await alice.request('MESSAGE', `sip:${bob.address}`, { headers: text, body: 'card 4111 1111 1111 1111' })
      assert.equal(statusOf(altered), 200, altered.startLine)
      await bob.waitForRequest('MESSAGE', (message) => message.body === 'card [card number]')
    })

    await rack.step(t, 'with the inspector away nothing goes out, for now', async () => {
      inspector.kill()
      await once(inspector, 'exit')
      const refused = await alice.request('MESSAGE', `sip:${bob.address}`, { headers: text, body: 'hello' })
      // the home server turns our 503 into a 500, as RFC 3261 §16.7 step 6 has it
      assert.equal(statusOf(refused), 500, refused.startLine)
      assert.ok(bob.received.every((message) => message.body !== 'hello'))
    })
  }),
)
