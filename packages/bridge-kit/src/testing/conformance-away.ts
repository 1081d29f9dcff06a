import assert from 'node:assert/strict'
import { supports } from '../features.ts'
import type { Run } from './conformance.ts'
import { handoverOf, sendText } from './handovers.ts'

export function awayCases(run: Run): void {
  run('says with certainty that a network is away, and that later may help', async (opened) => {
    await opened.far.goAway()
    const outcome = await sendText(opened, 'nobody there')
    assert.deepEqual([outcome.status, outcome.isCertain, outcome.retry], ['failed', true, 'later'], `${outcome.code} ${outcome.detail}`)
  })

  run('works again when the network is back, and sends nothing that was given up', async (opened) => {
    await opened.far.goAway()
    assert.equal((await sendText(opened, 'given up')).status, 'failed')
    await opened.far.comeBack()
    assert.notEqual((await sendText(opened, 'back again')).status, 'failed')
    assert.deepEqual(await opened.far.whenRead(1), ['back again'])
  })

  run('tells how the connection stands', async ({ context, connector }) => {
    if (connector.info.kind === 'servers') return
    await context.whenReported(({ state }) => state === 'connected')
  })

  run('stops for good: no timer, no event, no delivery afterwards', async (opened) => {
    const { connector, context } = opened
    assert.notEqual((await sendText(opened, 'before')).status, 'failed')
    await connector.stop(1_000)
    const received = context.received.length
    assert.equal(context.pendingTimers(), 0)
    const outcome = await sendText(opened, 'after')
    assert.deepEqual([outcome.status, outcome.isCertain], ['failed', true])
    if (supports(connector, 'typing')) {
      const typing = await connector.sendTyping(handoverOf(opened, { kind: 'typing', state: 'composing' }))
      assert.notEqual(typing.status, 'delivered')
    }
    await connector.stop(0)
    assert.equal(context.received.length, received)
  })

  run('refuses an account whose secret is wrong, and stays connected with the others', async (opened) => {
    const { connector, account, user } = opened
    if (!supports(connector, 'accounts')) return
    const wrong = { id: 'wrong' as NonNullable<typeof account>, owner: user, login: 'wrong', secret: () => 'wrong', settings: {} }
    const report = await connector.connectAccount(wrong)
    assert.ok(report.state === 'refused' || report.state === 'away', report.state)
    await connector.disconnectAccount(wrong.id)
    assert.notEqual((await sendText(opened, 'still here')).status, 'failed')
  })
}
