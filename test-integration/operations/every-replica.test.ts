import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from '../chaos/ledger.ts'
import { ReplicaLink } from '../chaos/replica-link.ts'
import { runCli } from '../chaos/rig.ts'
import { names } from '../chaos/sites.ts'
import { startServicesRig } from '../chaos/start-services-rig.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'

const PLAN = { database: 'sqlite', disk: 'limit', diskMegabytes: 0, hasOutbox: false, hasBridge: false, standBefore: undefined } as const

test(
  'whichever edge the command line is connected to, it sees the peers of both, and a partner from the place of either',
  { skip: skipWithout('nats-server') },
  withRack('every-replica', async (rack, t) => {
    const { sites, externalPorts } = await startServicesRig(rack, new Ledger(), PLAN)
    const connect = ['--connect', `unix:${rack.path('federation-peer-0/.gatehouse/federation-peer.sock')}`]

    await rack.step(t, 'a doctor from the place of the other one', async () => {
      const { output } = await runCli(
        rack,
        'doctor',
        'fabrikam.example',
        '--replica',
        'federation-peer-1',
        '--skip-echo',
        '--json',
        ...connect,
      )
      assert.match(output, /"name": ?"options"/)
      const nobody = await runCli(rack, 'doctor', 'fabrikam.example', '--replica', 'federation-peer-7', '--skip-echo', ...connect)
      assert.match(nobody.output, /GH-PEER-REPLICA/)
    })

    await rack.step(t, 'a partner who is connected with either', async () => {
      const { partnerCertificate: certificate, caPem } = sites
      for (const port of externalPorts) {
        const link = new ReplicaLink(
          { certificate, caPem, servername: names.external, ports: [port] },
          { onFinal: () => {}, onLost: () => {} },
        )
        rack.onStop(() => link.destroy())
        link.keep(0)
        while (!link.isOpen) await new Promise((resolve) => setTimeout(resolve, 10))
      }
      const { output } = await runCli(rack, 'peers', '--json', ...connect)
      const { peers } = JSON.parse(output) as { peers: readonly { readonly partner: string; readonly replica: string }[] }
      assert.deepEqual(
        peers.map(({ partner, replica }) => `${partner} ${replica}`),
        [`${names.partner} federation-peer-0`, `${names.partner} federation-peer-1`],
      )
    })
  }),
)
