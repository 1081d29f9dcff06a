import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { GatewayService } from '@gatehouse/proto'
import type { RpcClient } from '@gatehouse/rpc'
import { answerTo, runBot } from './bot.ts'

it('knows a few words', () => {
  assert.equal(answerTo({ text: ' Ping ', mark: 'verified' }), 'pong')
  assert.equal(answerTo({ text: 'echo a  b', mark: 'verified' }), 'a b')
  assert.equal(answerTo({ text: 'hello', mark: 'verified' }), undefined)
  assert.match(answerTo({ text: 'help', mark: 'unverified' }) ?? '', /vouch/)
})

it('answers from the address it was asked at, and confirms after that', async () => {
  const calls: string[] = []
  const message = {
    receipt: 'r1',
    fromAddress: 'bob@fabrikam.example',
    toAddress: 'bot@apps.contoso.example',
    text: 'ping',
    conversation: 'c',
    messageId: 'm',
    mark: 'verified',
  }
  const client = {
    receiveMessages: async function* () {
      yield message
    },
    sendMessage: async (request: { fromAddress: string; toAddress: string; text: string; messageId: string }) => {
      calls.push(`send ${request.fromAddress} ${request.toAddress} ${request.text} ${request.messageId}`)
    },
    confirmMessage: async (request: { receipt: string; taken: boolean }) => {
      calls.push(`confirm ${request.receipt} ${request.taken}`)
    },
  } as unknown as RpcClient<typeof GatewayService>
  await runBot(client, 'bot', new AbortController().signal)
  assert.deepEqual(calls, ['send bot@apps.contoso.example bob@fabrikam.example pong re-m', 'confirm r1 true'])
})
