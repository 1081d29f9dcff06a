import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseStyle } from '../output/style.ts'
import { type Act, expect } from './act.ts'
import { Narrator } from './narrator.ts'
import { playActs } from './play-acts.ts'
import type { World } from './world.ts'

describe('playActs', () => {
  const world = {} as World
  const act = (name: string, play: () => Promise<void>): Act => ({ name, title: `Title of ${name}`, play })
  const good = act('good', async () => expect(true, 'cannot be'))
  const bad = act('bad', async () => expect(1 + 1 === 3, 'one and one is not three'))

  it('names what went wrong and goes on', async () => {
    let told = ''
    const narrator = new Narrator(
      (text) => {
        told += text
      },
      chooseStyle(false, {}),
    )
    const results = await playActs([good, bad, good], world, narrator, new AbortController().signal)
    assert.deepEqual(
      results.map((result) => `${result.name} ${result.isOk}`),
      ['good true', 'bad false', 'good true'],
    )
    assert.match(results[1]?.detail ?? '', /one and one is not three/)
    assert.match(told, /2\. Title of bad\n {3}✗ .*one and one is not three/)
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const stopping = act('stopping', async () => stop.abort())
    const results = await playActs([stopping, good], world, new Narrator(() => {}, chooseStyle(false, {})), stop.signal)
    assert.equal(results.length, 1)
  })
})
