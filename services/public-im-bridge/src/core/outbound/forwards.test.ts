import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Delivery, deliveredOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import type { Member } from '../leases/member-lease.ts'
import { Forwards } from './forwards.ts'

const delivery = {} as Delivery

/** Replicas by name, and what was handed on to each. */
class Rig {
  live = ['r0', 'r1']
  readonly sent: { readonly subject: string; readonly answer: (outcome: DeliveryOutcome) => void }[] = []
  #changed: () => void = () => undefined
  readonly forwards = new Forwards(
    { deliverTo: (subject, _delivery, answer) => void this.sent.push({ subject, answer }) },
    {
      live: () => this.live.map((replica): Member => ({ replica, incarnation: replica, networks: [] })),
      onChange: (run) => {
        this.#changed = run
      },
    },
  )

  change(live: string[]): void {
    this.live = live
    this.#changed()
  }
}

it('gives the answer of the replica, also when others come and go', async () => {
  const rig = new Rig()
  const outcome = rig.forwards.run('r1', 'xmpp', delivery)
  rig.change(['r0', 'r1', 'r2'])
  rig.change(['r0', 'r1'])
  assert.equal(rig.sent[0]?.subject, 'gh.v1.deliver.xmpp.at.r1')
  rig.sent[0]?.answer(deliveredOutcome('m1'))
  assert.equal((await outcome).status, 'delivered')
})

it('gives up what a replica had that is gone, and is not sure of it', async () => {
  const rig = new Rig()
  const [first, second, other] = ['r1', 'r1', 'r0'].map((replica) => rig.forwards.run(replica, 'xmpp', delivery))
  rig.change(['r0'])
  for (const outcome of [await first, await second]) {
    assert.deepEqual([outcome?.status, outcome?.code, outcome?.isCertain], ['failed', 'GH-DELIVERY-TIMEOUT', false])
  }
  rig.sent[0]?.answer(deliveredOutcome()) // late, and nobody waits
  rig.sent[2]?.answer(deliveredOutcome())
  assert.equal((await other)?.status, 'delivered')
})
