import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SipUser } from '@gatehouse/lab'
import { contosoPolicy, policyDocument } from '../peers-kit/contoso-policy.ts'
import { startHomePair } from '../peers-kit/home-pair.ts'
import { type ManagedProcess, startProcess } from '../peers-kit/managed-process.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const CLI = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', join(REPOSITORY, 'apps/gatehouse/src/main.ts')]
const CLOCKED = ['--import', join(REPOSITORY, 'test-integration/chaos/skewed-clock.ts')]
const DAY_MS = 86_400_000
const ALICE = 'alice@contoso.example'

/** Contoso behind `gatehouse up`, Fabrikam's server at its external edge; SIP over mutual TLS between them. */
async function startSites(rack: PeerRack) {
  const { home, partner, edge } = await startHomePair(rack)
  const file = (name: string, text: string): string => {
    writeFileSync(rack.path(name), text)
    return rack.path(name)
  }
  mkdirSync(rack.path('state'))
  // YAML 1.2 is a superset of JSON
  const config = file(
    'gatehouse.yaml',
    JSON.stringify({ stateDir: rack.path('state'), telemetry: { log: { level: 'warn' } }, federationPeer: edge }),
  )
  const policy =
    contosoPolicy({ fabrikam: { edge: `sip.fabrikam.example:${partner.port}`, verification: 'alwaysUnverifiable' } }) +
    policyDocument('UserSettings', 'users', { lookUp: true, learnDays: 1, firstContact: 'hold' })
  return { home, partner, config, policy: file('policy.yaml', policy), file }
}

test(
  'first contacts over SIP: held, released, delivered once; who is written to may answer, for a while',
  withRack('first-contacts', async (rack, t) => {
    const { home, partner, config, policy, file } = await startSites(rack)
    const clock = file('clock', '0')
    const start = (): Promise<ManagedProcess> =>
      startProcess({
        name: 'gate',
        command: process.execPath,
        args: [...CLOCKED, ...CLI, 'up', '--config', config, '--policy', policy],
        cwd: rack.folder,
        env: { CHAOS_CLOCK_FILE: clock },
        logFile: rack.path('gate.log'),
        ready: { line: /control +unix:/ },
        readyTimeoutMs: 60_000,
      })
    const gate = rack.add(await start())
    const run = (...args: string[]): string => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...CLI, ...args], { cwd: rack.folder, encoding: 'utf8' })
      assert.equal(status, 0, stdout + stderr)
      return stdout
    }
    file('users.csv', `user,federation\n${ALICE},yes\n`)
    run('users', 'import', 'users.csv')
    const alice = home.addUser('alice')
    const [carol, dave, eve] = ['carol', 'dave', 'eve'].map((name) => partner.addUser(name)) as [SipUser, SipUser, SipUser]
    const texts = (): string[] => alice.received.flatMap((event) => (event.kind === 'message' ? [event.text] : []))

    await rack.step(t, 'a stranger is held back and told what an unknown user would be', async () => {
      const held = await carol.sendMessage(ALICE, 'hello?')
      assert.equal(held.status, (await carol.sendMessage('nobody@contoso.example', 'hello?')).status)
      assert.equal(held.status, 404)
      assert.deepEqual(texts(), [])
      const listed = run('quarantine', 'list', '--user', ALICE)
      assert.match(listed, /^1 +carol@fabrikam\.example +alice@contoso\.example +fabrikam +1 /m)
    })

    await rack.step(t, 'once released, the stranger’s next message is delivered, once, and the held one never', async () => {
      assert.match(run('quarantine', 'release', '1'), /released: carol@fabrikam\.example may write to alice@contoso\.example/)
      assert.equal((await carol.sendMessage(ALICE, 'hello again')).status, 200)
      assert.equal((await carol.sendMessage(ALICE, 'and once more')).status, 200)
      assert.deepEqual(texts(), ['hello again', 'and once more'])
      assert.doesNotMatch(run('quarantine', 'list', '--user', ALICE), /carol/)
      const explained = spawnSync(process.execPath, [...CLI, 'explain', '--from', carol.address, '--to', ALICE], {
        cwd: rack.folder,
        encoding: 'utf8',
      })
      assert.equal(explained.status, 0, explained.stdout)
    })

    await rack.step(t, 'gatehouse tail shows decisions as they are made, filtered', async () => {
      const tail = await startProcess({
        name: 'tail',
        command: process.execPath,
        args: [...CLI, 'tail', '--domain', 'fabrikam.example', '--verdict', 'deny', '--json', '--count', '1'],
        cwd: rack.folder,
        logFile: rack.path('tail.log'),
        ready: {},
      })
      rack.add(tail)
      // nobody says when the gate has heard that somebody watches
      while (!tail.hasEnded) {
        assert.equal((await carol.sendMessage(ALICE, 'seen by nobody who asks for refusals')).status, 200)
        assert.equal((await eve.sendMessage(ALICE, 'let me in')).status, 404)
      }
      assert.equal(await tail.ended, 0, tail.output())
      const shown = JSON.parse(tail.output()) as Record<string, unknown>
      assert.partialDeepStrictEqual(shown, {
        fromAddress: eve.address,
        toAddress: ALICE,
        verdict: 'deny',
        code: 'GH-POLICY-FIRST-CONTACT',
        status: 404,
      })
    })

    await rack.step(t, 'whom our user writes to may answer, and nobody else', async () => {
      assert.equal((await alice.sendMessage(dave.address, 'how do you do')).status, 200)
      assert.partialDeepStrictEqual(await dave.next('message'), { text: 'how do you do' })
      const { contacts } = JSON.parse(run('users', 'show', ALICE, '--json')) as { contacts: { address: string; origin: string }[] }
      assert.ok(contacts.some(({ address, origin }) => address === dave.address && origin === 'learned'))
      assert.equal((await dave.sendMessage(ALICE, 'fine, thanks')).status, 200)
      assert.equal((await eve.sendMessage(ALICE, 'me too')).status, 404)
      assert.equal(texts().at(-1), 'fine, thanks')
    })

    await rack.step(t, 'what was learned expires, what an administrator released does not', async () => {
      await gate.stop()
      writeFileSync(clock, String(2 * DAY_MS))
      rack.add(await start())
      assert.equal((await dave.sendMessage(ALICE, 'late')).status, 404)
      assert.equal((await carol.sendMessage(ALICE, 'still here')).status, 200)
      assert.equal(texts().at(-1), 'still here')
      assert.match(run('quarantine', 'list', '--user', ALICE), /dave@fabrikam\.example/)
    })
  }),
)
