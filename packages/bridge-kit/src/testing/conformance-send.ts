import assert from 'node:assert/strict'
import { carries } from '../capabilities.ts'
import { supports } from '../features.ts'
import type { Run } from './conformance.ts'
import { handoverOf, sendText } from './handovers.ts'

const ORDERED = 30

export function sendCases(run: Run): void {
  run('brings a text over as it is, and says so with certainty', async (opened) => {
    const text = 'Grüße 👋 <b>&amp;</b> \\ "quoted" — ok'
    const outcome = await sendText(opened, text)
    assert.ok(outcome.status === 'delivered' || outcome.status === 'sent', `${outcome.code} ${outcome.detail}`)
    assert.equal(outcome.isCertain, true)
    assert.deepEqual(await opened.far.whenRead(1), [text])
  })

  run('keeps the order of what is handed over one after the other', async (opened) => {
    const texts = Array.from({ length: ORDERED }, (_, at) => `line ${at}`)
    for (const text of texts) assertSent(await sendText(opened, text))
    assert.deepEqual((await opened.far.whenRead(ORDERED)).slice(0, ORDERED), texts)
  })

  run('names each message differently, where it names them', async (opened) => {
    const names: string[] = []
    for (const text of ['one', 'two', 'three']) {
      const { remoteId } = await sendText(opened, text)
      if (remoteId !== '') names.push(remoteId)
    }
    assert.equal(new Set(names).size, names.length)
  })

  run('takes a text with many lines and scripts, or refuses it; never half of it', async (opened) => {
    const text = 'one\ntwo\n\nשלום and مرحبا'
    const outcome = await sendText(opened, text)
    if (outcome.status === 'failed') {
      assert.equal(outcome.isCertain, true)
      return
    }
    const lines = text.split('\n').filter((line) => line !== '')
    const read = (await opened.far.whenRead(1)).join('\n')
    const rest = read.includes(lines.at(-1) as string) ? read : (await opened.far.whenRead(lines.length)).join('\n')
    for (const line of lines) assert.ok(rest.includes(line), line)
  })

  run('fails with certainty and for good where there is no such person', async (opened) => {
    const nowhere = { ...opened, stranger: { user: '', domain: opened.stranger.domain } }
    const outcome = await sendText(nowhere, 'hello')
    assert.deepEqual([outcome.status, outcome.isCertain, outcome.retry], ['failed', true, 'never'])
    assert.match(outcome.code, /^GH-/)
  })

  run('writes no text of a message into the log', async (opened) => {
    await sendText(opened, 'very-secret-words')
    await opened.far.say('equally-secret-words')
    await opened.context.whenReceived(({ content }) => content.kind === 'message')
    const lines = opened.context.logLines.join('\n')
    assert.ok(!lines.includes('secret-words'))
  })

  run('takes typing notices, where it carries them', async (opened) => {
    const { connector } = opened
    if (!supports(connector, 'typing')) return assert.ok(!carries(connector.info.capabilities, 'typing'))
    for (const state of ['composing', 'paused', 'active', 'inactive', 'gone'] as const) {
      const outcome = await connector.sendTyping(handoverOf(opened, { kind: 'typing', state }))
      assert.ok(outcome.isCertain, outcome.detail)
    }
    assertSent(await sendText(opened, 'after typing'))
  })
}

function assertSent(outcome: Awaited<ReturnType<typeof sendText>>): void {
  assert.notEqual(outcome.status, 'failed', `${outcome.code} ${outcome.detail}`)
}
