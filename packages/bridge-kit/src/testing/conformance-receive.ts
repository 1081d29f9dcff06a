import assert from 'node:assert/strict'
import { failedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { CodeTable } from '@gatehouse/errors'
import { carries } from '../capabilities.ts'
import type { Incoming } from '../incoming.ts'
import type { Run } from './conformance.ts'

const REFUSING = {
  'GH-TEST-REFUSED': { summary: 'inside-only-detail', remedy: 'None.', retry: 'never', sip: 403 },
} as const satisfies CodeTable

const isText =
  (text: string) =>
  (event: Incoming): boolean =>
    event.content.kind === 'message' && event.content.text === text

export function receiveCases(run: Run): void {
  run('tells who wrote to whom, how sure that is, and in which words', async ({ far, context, user, stranger, account }) => {
    await far.say('hello')
    const event = await context.whenReceived(isText('hello'))
    assert.deepEqual([event.from, event.to], [stranger, user])
    assert.equal(event.side, 'external')
    assert.equal(event.account, account)
    assert.match(event.evidence.class, /^V[0-3]$/)
    assert.match(event.evidence.by, /^[a-z0-9-]+$/)
    assert.match(event.method, /^[A-Z0-9_-]+$/)
    assert.notEqual(event.isEcho, true)
  })

  run('gives a text with everything in it as it was written', async ({ far, context }) => {
    const text = 'Grüße 👋 <b>&amp;</b> \\ "quoted" — ok'
    await far.say(text)
    await context.whenReceived(isText(text))
  })

  run('takes messages in in the order they were written', async ({ far, context }) => {
    for (let at = 0; at < 20; at++) await far.say(`line ${at}`)
    await context.whenReceived(isText('line 19'))
    const texts = context.received.flatMap(({ content }) => (content.kind === 'message' ? [content.text] : []))
    assert.deepEqual(
      texts,
      Array.from({ length: 20 }, (_, at) => `line ${at}`),
    )
  })

  run('names two messages differently, where the network names them', async ({ far, context }) => {
    await far.say('one')
    await far.say('two')
    const [one, two] = [await context.whenReceived(isText('one')), await context.whenReceived(isText('two'))]
    assert.ok(one.remoteId === '' || one.remoteId !== two.remoteId)
  })

  run('tells the sender that a message was refused, and not the reasons of the inside', async ({ far, context, connector }) => {
    context.answerWith(() => ({ ...failedOutcome(REFUSING, 'GH-TEST-REFUSED'), notice: 'Not delivered.' }))
    await far.say('unwanted')
    await context.whenReceived(isText('unwanted'))
    if (!carries(connector.info.capabilities, 'refusal')) return
    const read = (await far.whenRead(1)).join('\n')
    assert.ok(!read.includes('inside-only-detail') && !read.includes('GH-TEST'), read)
  })

  run('is not held up by one message that takes long', async ({ far, context }) => {
    let answer: () => void = () => {}
    const slow = new Promise<void>((resolve) => (answer = resolve))
    context.answerWith(async (event) => {
      if (isText('slow')(event)) await slow
      return { ...sentOutcome(), notice: '' }
    })
    await far.say('slow')
    await far.say('quick')
    await context.whenReceived(isText('quick'))
    answer()
  })

  run('survives a core that fails', async ({ far, context }) => {
    context.answerWith((event) => {
      if (isText('breaks')(event)) throw new Error('the core broke its promise')
      return { ...sentOutcome(), notice: '' }
    })
    await far.say('breaks')
    await far.say('works')
    await context.whenReceived(isText('works'))
  })
}
