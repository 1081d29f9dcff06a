import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startArena } from '../bad-input/arena.ts'
import { attackMessage } from '../bad-input/attack-message.ts'
import { withRack } from '../peers-kit/peer-rack.ts'

test(
  'without an archive nothing passes that has to be on record',
  withRack('archive-away', async (rack) => {
    const arena = await startArena(rack, { duty: 'required' })
    const peer = await arena.connect('partner')
    peer.send(attackMessage())
    await peer.waitForEvents(1)
    assert.deepEqual(peer.outcome, ['503'])
    assert.equal(arena.insideCount(), 0)
    await arena.gate.waitForCode('GH-PEER-ARCHIVE-AWAY', 0)
    arena.hangUp()
  }),
)

test(
  'with an archive the message is committed before it goes on',
  withRack('archive-there', async (rack) => {
    const arena = await startArena(rack, { duty: 'required', hasArchive: true })
    const peer = await arena.connect('partner')
    peer.send(attackMessage())
    await peer.waitForEvents(1)
    assert.deepEqual(peer.outcome, ['200'])
    assert.equal(arena.insideCount(), 1)
    arena.hangUp()
  }),
)
