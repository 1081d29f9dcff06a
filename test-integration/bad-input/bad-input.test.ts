import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PeerRack } from '../peers-kit/peer-rack.ts'
import { type AttackArena, startArena } from './arena.ts'
import { attacks } from './attacks.ts'

describe('bad input: every attack of the table has its exact answer and its line in the log', () => {
  const rack = new PeerRack('bad-input')
  let arena: AttackArena
  let isFailed = true

  before(async () => {
    arena = await startArena(rack)
  })
  after(() => rack.stop({ isFailed }))

  for (const attack of attacks) {
    it(`${attack.attack} → ${attack.answers.join(', ')}${attack.logged.length === 0 ? '' : ` (${attack.logged.join(', ')})`}`, async () => {
      isFailed = true
      const logBefore = arena.gate.log().length
      const insideBefore = arena.insideCount()
      const peer =
        attack.as === 'inside'
          ? await arena.connectInside()
          : await arena.connect(attack.as ?? 'partner', attack.maxVersion === undefined ? {} : { maxVersion: attack.maxVersion })
      try {
        await attack.run(peer, arena)
        await peer.waitForEvents(attack.answers.length)
        assert.deepEqual(peer.outcome, attack.answers)
        assert.equal(arena.insideCount() - insideBefore, attack.delivered ?? 0, 'requests that reached the inside')
        for (const answer of peer.answers) if (attack.as !== 'inside') assertTerse(answer)
        for (const code of attack.logged) await arena.gate.waitForCode(code, logBefore)
      } finally {
        arena.hangUp()
      }
      isFailed = false
    })
  }

  it('the gate still serves a good message afterwards', async () => {
    isFailed = true
    const { attackMessage } = await import('./attack-message.ts')
    const peer = await arena.connect('serverAuthOnly')
    peer.send(attackMessage())
    await peer.waitForEvents(1)
    assert.deepEqual(peer.outcome, ['200'])
    isFailed = false
  })
})

/** Terse outside: status and the RFC's own phrase, nothing that tells a stranger which rule refused. */
function assertTerse(answer: { startLine: string; headers: readonly (readonly [string, string])[]; body: string }): void {
  // What the request itself said is given back, as it must be (RFC 3261 §8.2.6).
  const own = answer.headers.filter(([name]) => !/^(via|from|to|call-id|cseq|record-route)$/i.test(name))
  assert.doesNotMatch(
    JSON.stringify([answer.startLine, own]),
    /GH-|ms-diagnostics|Warning|policy|certificate|block/i,
    'an answer to the outside says too much',
  )
  assert.equal(answer.body, '')
}
