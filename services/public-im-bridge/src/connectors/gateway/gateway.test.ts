import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { BridgeConnector } from '@gatehouse/bridge-kit'
import { createTestContext, type TestContext } from '@gatehouse/bridge-kit/test'
import { failedOutcome, sentOutcome } from '@gatehouse/delivery'
import type { DeliveryOutcome } from '@gatehouse/im-model'
import { GatewayService, type ReceiveMessagesResponse } from '@gatehouse/proto'
import { connectRpc, type RpcClient, type RpcConnection } from '@gatehouse/rpc'
import { Applications } from './applications.ts'
import { type GatewayConfig, gatewayConfig } from './config.ts'
import { gateway } from './connector.ts'
import { gatewayApiCodes } from './errors.ts'

const DOMAIN = 'apps.contoso.example'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-gateway-'))
const APPLICATIONS = [
  { name: 'helpdesk', users: ['helpdesk', 'Tickets'] },
  { name: 'alerts', users: ['alerts'] },
]

function config(settings: object = {}): GatewayConfig {
  return gatewayConfig.parse({ listen: `unix:${folder}/gateway.sock`, domain: DOMAIN, applications: APPLICATIONS, ...settings })
}

describe('Gateway API', () => {
  let connector: BridgeConnector
  let context: TestContext
  let connection: RpcConnection
  let client: RpcClient<typeof GatewayService>

  before(async () => {
    context = createTestContext()
    connector = gateway.create(config({ maxUnconfirmed: 2 }), context)
    await connector.start()
    connection = connectRpc(`unix:${folder}/gateway.sock`, { deadlineMs: 5_000 })
    client = connection.client(GatewayService)
  })
  after(async () => {
    connection.close()
    await connector.stop(0)
    await connector.stop(0)
    rmSync(folder, { recursive: true, force: true })
  })

  const request = {
    application: 'helpdesk',
    fromAddress: `helpdesk@${DOMAIN}`,
    toAddress: 'bob@fabrikam.example',
    text: 'Your ticket',
    conversation: '',
    messageId: 'm1',
  }

  function handover(text: string, user = 'tickets', patienceMs = 5_000): Promise<DeliveryOutcome> {
    const envelope = {
      id: new Uint8Array(16),
      receivedAtMs: 5,
      from: { user: 'bob', domain: 'fabrikam.example' },
      to: { user, domain: DOMAIN },
      conversation: 'c1',
      content: { kind: 'message' as const, messageId: 'x', text },
    }
    return connector.send({
      envelope,
      side: 'internal',
      account: undefined,
      mark: 'verified',
      evidence: 'V3',
      deadlineMs: context.clock.nowMs() + patienceMs,
    })
  }

  it('takes in a message of an application, and tells it what became of it', async () => {
    assert.deepEqual(
      { ...(await client.sendMessage(request)), $typeName: undefined },
      { $typeName: undefined, status: 'sent', code: '', detail: '', certain: true, retry: 'never' },
    )
    const event = context.received.at(-1)
    assert.deepEqual(
      [event?.side, event?.from, event?.to.user, event?.remoteId, event?.method],
      ['internal', { user: 'helpdesk', domain: DOMAIN }, 'bob', 'helpdesk/m1', 'SEND'],
    )
    context.answerWith(() => ({ ...failedOutcome(gatewayApiCodes, 'GH-GATEWAY-BUSY'), notice: '' }))
    assert.deepEqual([(await client.sendMessage(request)).code, (await client.sendMessage(request)).retry], ['GH-GATEWAY-BUSY', 'later'])
    context.answerWith(() => ({ ...sentOutcome(), notice: '' }))
  })

  const WRONG: readonly (readonly [why: string, change: object, code: string])[] = [
    ['an unknown application', { application: 'nobody' }, 'GH-GATEWAY-APPLICATION'],
    ['an address of another application', { fromAddress: `alerts@${DOMAIN}` }, 'GH-GATEWAY-ADDRESS'],
    ['an address of another domain', { fromAddress: 'helpdesk@contoso.example' }, 'GH-GATEWAY-ADDRESS'],
    ['no address', { fromAddress: 'helpdesk' }, 'GH-GATEWAY-REQUEST'],
    ['no recipient', { toAddress: 'a b' }, 'GH-GATEWAY-REQUEST'],
    ['no text', { text: '' }, 'GH-GATEWAY-REQUEST'],
    ['an endless id', { messageId: 'x'.repeat(256) }, 'GH-GATEWAY-REQUEST'],
  ]
  for (const [why, change, code] of WRONG) {
    it(`refuses ${why}`, async () => {
      const before = context.received.length
      await assert.rejects(client.sendMessage({ ...request, ...change }), { code })
      assert.equal(context.received.length, before)
    })
  }

  it('says with certainty that an application is away, and that nobody has an address', async () => {
    const away = await handover('hello')
    assert.deepEqual([away.code, away.isCertain, away.retry], ['GH-GATEWAY-AWAY', true, 'later'])
    assert.equal((await handover('hello', 'nobody')).code, 'GH-GATEWAY-NOBODY')
  })

  it('counts a message as delivered when the application has confirmed it', async () => {
    const stop = new AbortController()
    const incoming = client.receiveMessages({ application: 'helpdesk' }, { signal: stop.signal })[Symbol.asyncIterator]()
    const first = incoming.next()
    // the call is open when a message passes
    let outcome: DeliveryOutcome
    do {
      const pending = handover('hello', 'Tickets', 5_000)
      const winner = await Promise.race([pending, first.then(() => undefined)])
      if (winner === undefined) {
        const parcel = (await first).value as ReceiveMessagesResponse
        assert.deepEqual([parcel.text, parcel.fromAddress, parcel.mark], ['hello', 'bob@fabrikam.example', 'verified'])
        assert.equal((await client.confirmMessage({ application: 'helpdesk', receipt: parcel.receipt, taken: true })).inTime, true)
        assert.equal((await client.confirmMessage({ application: 'helpdesk', receipt: parcel.receipt, taken: true })).inTime, false)
      }
      outcome = await pending
      await new Promise((resolve) => setImmediate(resolve))
    } while (outcome.code === 'GH-GATEWAY-AWAY')
    assert.equal(outcome.status, 'delivered')

    const refused = handover('no thanks')
    const parcel = (await incoming.next()).value as ReceiveMessagesResponse
    await client.confirmMessage({ application: 'helpdesk', receipt: parcel.receipt, taken: false })
    assert.deepEqual([(await refused).code, (await refused).isCertain], ['GH-GATEWAY-NOT-TAKEN', true])

    const silent = handover('anybody?', 'tickets', 100)
    await incoming.next()
    assert.deepEqual([(await silent).code, (await silent).isCertain], ['GH-GATEWAY-UNCONFIRMED', false])

    const many = [handover('1'), handover('2')]
    assert.equal((await handover('3')).code, 'GH-GATEWAY-BUSY')
    for (let at = 0; at < 2; at++) {
      const next = (await incoming.next()).value as ReceiveMessagesResponse
      await client.confirmMessage({ application: 'helpdesk', receipt: next.receipt, taken: true })
    }
    assert.deepEqual(
      (await Promise.all(many)).map(({ status }) => status),
      ['delivered', 'delivered'],
    )
    stop.abort()
    await assert.rejects(incoming.next())
  })
})

describe('applications', () => {
  it('over TCP are who their certificate says', () => {
    const applications = new Applications(config())
    assert.doesNotThrow(() => applications.admit('helpdesk', 'helpdesk'))
    assert.throws(() => applications.admit('helpdesk', 'alerts'), { code: 'GH-GATEWAY-APPLICATION' })
    assert.throws(() => applications.admit('helpdesk', 'unnamed'), { code: 'GH-GATEWAY-APPLICATION' })
  })

  it('share no user and no name', () => {
    for (const applications of [
      [...APPLICATIONS, { name: 'other', users: ['ALERTS'] }],
      [...APPLICATIONS, { name: 'alerts', users: ['x'] }],
    ]) {
      assert.equal(gatewayConfig.safeParse({ listen: 'unix:/x', domain: DOMAIN, applications }).success, false)
    }
  })
})
