import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { contosoPolicy } from '../peers-kit/contoso-policy.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { startHomePair } from '../peers-kit/home-pair.ts'
import { startProcess } from '../peers-kit/managed-process.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { withRack } from '../peers-kit/peer-rack.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const CLI = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', join(REPOSITORY, 'apps/gatehouse/src/main.ts')]

test(
  'policy, archive and federation-peer as processes of their own over NATS',
  { skip: skipWithout('nats-server') },
  withRack('over-nats', async (rack, t) => {
    const nats = rack.add(await startNats(rack.path('nats')))
    const { home, partner, edge } = await startHomePair(rack)
    const file = (name: string, text: string): string => {
      writeFileSync(rack.path(name), text)
      return rack.path(name)
    }
    mkdirSync(rack.path('state'))
    // YAML 1.2 is a superset of JSON
    const config = file(
      'gatehouse.yaml',
      JSON.stringify({
        stateDir: rack.path('state'),
        bus: { driver: 'nats', servers: [nats.server] },
        federationPeer: { ...edge, policy: { publicKeyFile: rack.path('state/policy.db.key.pub') } },
      }),
    )
    const start = async (name: string) =>
      rack.add(
        await startProcess({
          name,
          command: process.execPath,
          args: [...CLI, 'service', name, '--config', config],
          cwd: rack.folder,
          logFile: rack.path(`${name}.log`),
          ready: { line: /control +unix:/ },
        }),
      )
    const run = (...args: string[]) => spawnSync(process.execPath, [...CLI, ...args], { cwd: rack.folder, encoding: 'utf8' })
    await start('policy')
    const archive = await start('archive')
    await start('federation-peer')
    const policy = contosoPolicy({
      settings: { unverified: { message: 'deliver' } },
      fabrikam: { edge: `sip.fabrikam.example:${partner.port}` },
    })
    const applied = run('apply', '-f', file('policy.yaml', policy), '--connect', 'unix:.gatehouse/policy.sock')
    assert.equal(applied.status, 0, applied.stderr)
    const alice = home.addUser('alice')
    const carol = partner.addUser('carol')

    await rack.step(t, 'a message each way is archived by the archive process', async () => {
      assert.equal((await carol.sendMessage('alice@contoso.example', 'over NATS')).status, 200)
      assert.partialDeepStrictEqual(await alice.next('message'), { text: 'over NATS' })
      assert.equal((await alice.sendMessage('carol@fabrikam.example', 'and back')).status, 200)
      assert.partialDeepStrictEqual(await carol.next('message'), { text: 'and back' })
      const found = run('archive', 'search', '--json', '--connect', 'unix:.gatehouse/archive.sock')
      assert.match(found.stdout, /carol@fabrikam\.example/)
    })

    await rack.step(t, 'a policy change reaches the edge', async () => {
      const block = `apiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: { name: carol }\nspec: { address: carol@fabrikam.example, owner: test, reason: test }\n`
      assert.equal(run('apply', '-f', file('block.yaml', block), '--connect', 'unix:.gatehouse/policy.sock').status, 0)
      let status = 200
      for (let tries = 0; tries < 100 && status === 200; tries++)
        status = (await carol.sendMessage('alice@contoso.example', `try ${tries}`)).status
      assert.equal(status, 403)
      assert.equal(run('apply', '-f', rack.path('policy.yaml'), '--prune', '--connect', 'unix:.gatehouse/policy.sock').status, 0)
      for (let tries = 0; tries < 100 && status !== 200; tries++)
        status = (await carol.sendMessage('alice@contoso.example', `again ${tries}`)).status
      assert.equal(status, 200)
    })

    await rack.step(t, 'without the archive nothing passes, and it goes on by itself when the archive is back', async () => {
      archive.killNow()
      await archive.ended
      const refused = await carol.sendMessage('alice@contoso.example', 'not on record')
      assert.equal(refused.status, 503)
      await start('archive')
      let status = 503
      for (let tries = 0; tries < 200 && status !== 200; tries++)
        status = (await carol.sendMessage('alice@contoso.example', `on record ${tries}`)).status
      assert.equal(status, 200)
      const verified = run('archive', 'verify', '--connect', 'unix:.gatehouse/archive.sock')
      assert.equal(verified.status, 0, verified.stdout + verified.stderr)
    })
  }),
)
