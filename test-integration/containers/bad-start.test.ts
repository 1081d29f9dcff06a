import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { until } from './kit/container-launch.ts'
import type { ContainerPeer } from './kit/container-peer.ts'
import { skipWithoutEngine } from './kit/engine.ts'
import { makeImages } from './kit/images.ts'
import { ContainerSite } from './kit/site.ts'

/** What the command line ends with when something is broken. */
const FAILED = 5

test(
  'A container that cannot work says why',
  { skip: skipWithoutEngine() || skipWithout('nats-server'), timeout: 10 * 60_000 },
  withRack('containers-bad-start', async (rack, t) => {
    const site = await ContainerSite.plan(rack, makeImages())
    type Options = Parameters<ContainerSite['startService']>[1]
    const withPolicy = async (options: Options, use: (peer: ContainerPeer) => Promise<void>): Promise<void> => {
      const peer = await site.startService('policy', options)
      try {
        await use(peer)
      } finally {
        await peer.stop()
      }
    }
    const saysWhileWaiting = async (peer: ContainerPeer, code: string): Promise<void> => {
      await until(peer, async () => {
        const { status, text } = await site.readiness('policy')
        return status === 503 && text.includes(code)
      })
      await until(peer, () => new RegExp(`"code":"${code}".*"remedy":`).test(peer.output()))
    }
    const endsWith = async (peer: ContainerPeer, code: string): Promise<void> => {
      assert.equal(await peer.ended, FAILED, peer.output())
      assert.match(peer.output(), new RegExp(code))
      assert.match(peer.output(), /what to do: /)
    }

    await rack.step(t, 'a bus that is not there yet is waited for', async () => {
      await withPolicy({ name: 'early' }, async (policy) => {
        await saysWhileWaiting(policy, 'GH-BUS-CONNECT')
        await site.startBase()
        await site.untilReady('policy', policy)
      })
    })

    await rack.step(t, 'a certificate that the bus does not know is waited for, too: it may be added there', async () => {
      const etc = site.etcOf('policy', (text) => text.replaceAll('policy.bus.contoso.example', 'stranger'))
      site.issueInto(etc, 'stranger')
      await withPolicy({ name: 'stranger', etc }, (policy) => saysWhileWaiting(policy, 'GH-BUS-CONNECT'))
    })

    await rack.step(t, 'permissions of the bus that do not fit', async () => {
      const etc = site.etcOf('policy', (text) => text.replace('_INBOX_policy', '_INBOX_archive'))
      await withPolicy({ name: 'permissions', etc }, (policy) => endsWith(policy, 'GH-BUS-PERMISSION'))
    })

    await rack.step(t, 'a secret that is not mounted', async () => {
      for (const [name, file, code] of [
        ['url', 'policy.url', 'GH-REVISION-URL'],
        ['bus-key', 'policy.bus.contoso.example.key', 'GH-BUS-FILE'],
      ] as const) {
        const etc = site.etcOf('policy')
        rmSync(join(etc, file))
        await withPolicy({ name, etc }, (policy) => endsWith(policy, code))
      }
    })

    await rack.step(t, 'a state volume that cannot be written', async () => {
      await withPolicy({ name: 'read-only', isStateReadOnly: true }, (policy) => endsWith(policy, 'GH-CLI-STATE'))
    })

    await rack.step(t, 'a database that is out of reach is waited for', async () => {
      const etc = site.etcOf('policy')
      site.writeInto(etc, 'policy.url', `postgres://gatehouse:none@${site.data.at(99)}/policy`)
      await withPolicy({ name: 'database', etc }, (policy) => saysWhileWaiting(policy, 'GH-REVISION-STORE'))
    })

    await rack.step(t, 'the image of another service', async () => {
      const command = ['service', 'policy', '--config', '/etc/gatehouse/gatehouse.yaml']
      await endsWith(await site.startService('federation-peer', { name: 'other', command }), 'GH-CLI-LEFT-OUT')
    })
  }),
)
