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
    const saysWhileWaiting = async (peer: ContainerPeer, code: string): Promise<void> => {
      await until(peer, async () => {
        const { status, text } = await site.readiness('policy')
        return status === 503 && text.includes(code)
      })
      assert.match(peer.output(), new RegExp(`"code":"${code}".*"remedy":`))
    }
    const endsWith = async (peer: ContainerPeer, code: string): Promise<void> => {
      assert.equal(await peer.ended, FAILED, peer.output())
      assert.match(peer.output(), new RegExp(code))
      assert.match(peer.output(), /what to do: /)
    }

    await rack.step(t, 'a bus that is not there yet is waited for', async () => {
      const policy = await site.startService('policy', { name: 'early' })
      await saysWhileWaiting(policy, 'GH-BUS-CONNECT')
      await site.startBase()
      await site.untilReady('policy', policy)
      await policy.stop()
    })

    await rack.step(t, 'a certificate that the bus does not know is waited for, too: it may be added there', async () => {
      const stranger = site.etcOf('policy', (text) => text.replaceAll('policy.bus.contoso.example', 'stranger'))
      site.issueInto(stranger, 'stranger')
      const policy = await site.startService('policy', { name: 'stranger', etc: stranger })
      await saysWhileWaiting(policy, 'GH-BUS-CONNECT')
      await policy.stop()
    })

    await rack.step(t, 'permissions of the bus that do not fit', async () => {
      const etc = site.etcOf('policy', (text) => text.replace('_INBOX_policy', '_INBOX_archive'))
      await endsWith(await site.startService('policy', { name: 'permissions', etc }), 'GH-BUS-PERMISSION')
    })

    await rack.step(t, 'a secret that is not mounted', async () => {
      const etc = site.etcOf('policy')
      rmSync(join(etc, 'policy.url'))
      await endsWith(await site.startService('policy', { name: 'secret', etc }), 'GH-REVISION-URL')
      const noKey = site.etcOf('policy')
      rmSync(join(noKey, 'policy.bus.contoso.example.key'))
      await endsWith(await site.startService('policy', { name: 'bus-secret', etc: noKey }), 'GH-BUS-FILE')
    })

    await rack.step(t, 'a state volume that cannot be written', async () => {
      await endsWith(await site.startService('policy', { name: 'read-only', isStateReadOnly: true }), 'GH-CLI-STATE')
    })

    await rack.step(t, 'a database that is out of reach is waited for', async () => {
      const etc = site.etcOf('policy')
      site.writeInto(etc, 'policy.url', `postgres://gatehouse:none@${site.data.at(99)}/policy`)
      const policy = await site.startService('policy', { name: 'database', etc })
      await saysWhileWaiting(policy, 'GH-REVISION-STORE')
      await policy.stop()
      assert.equal(await policy.ended, 0)
    })

    await rack.step(t, 'the image of another service', async () => {
      const peer = await site.startService('federation-peer', {
        name: 'other',
        command: ['service', 'policy', '--config', '/etc/gatehouse/gatehouse.yaml'],
      })
      await endsWith(peer, 'GH-CLI-LEFT-OUT')
    })
  }),
)
