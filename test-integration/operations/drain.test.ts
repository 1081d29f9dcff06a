import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startArena } from '../bad-input/arena.ts'
import { attackMessage } from '../bad-input/attack-message.ts'
import { withRack } from '../peers-kit/peer-rack.ts'

test(
  'SIGTERM: what is open finishes, what is new goes elsewhere, the process ends with 0',
  withRack('drain', async (rack) => {
    const arena = await startArena(rack, { drain: { graceMs: 0, closeMs: 0, finishMs: 10_000 } })
    const peer = await arena.connect('partner')
    const release = arena.holdInside()
    peer.send(attackMessage())
    while (arena.insideCount() === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    arena.gate.process.signal('SIGTERM')
    // Until the signal has arrived the gate takes the request; from then on it says so with 503.
    for (let each = 0; peer.outcome.length === 0; each += 1) {
      assert.ok(each < 100, 'the gate never refused new business')
      peer.send(attackMessage())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.equal(peer.outcome[0], '503')
    assert.ok(peer.answers[0]?.headers.some(([name]) => name.toLowerCase() === 'retry-after'))
    release()
    // A request that was on its way when the first 503 came got one, too: their number is not known before the end.
    while (peer.outcome.at(-1) !== 'closed') await peer.waitForEvents(peer.outcome.length + 1)
    assert.equal(peer.outcome.filter((each) => each === '200').length, arena.insideCount())
    assert.equal(await arena.gate.process.ended, 0)
  }),
)
