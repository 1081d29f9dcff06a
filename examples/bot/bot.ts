import type { GatewayService, ReceiveMessagesResponse } from '@gatehouse/proto'
import type { RpcClient } from '@gatehouse/rpc'

/** What the bot answers; undefined: nothing. */
export function answerTo({ text, mark }: Pick<ReceiveMessagesResponse, 'text' | 'mark'>): string | undefined {
  const [word = '', ...rest] = text.trim().split(/\s+/)
  switch (word.toLowerCase()) {
    case 'ping':
      return 'pong'
    case 'echo':
      return rest.length === 0 ? 'Echo what?' : rest.join(' ')
    case 'help':
      return mark === 'verified'
        ? 'I know: ping, echo WORDS, help.'
        : 'I know: ping, echo WORDS, help. (Your network does not vouch for you.)'
    default:
      return undefined
  }
}

/** Answers until the call ends. A message is confirmed when its answer was sent: whoever is killed in between gets it again. */
export async function runBot(client: RpcClient<typeof GatewayService>, application: string, signal: AbortSignal): Promise<void> {
  for await (const message of client.receiveMessages({ application }, { signal })) {
    const text = answerTo(message)
    if (text !== undefined) {
      const { toAddress, fromAddress, conversation, messageId } = message
      // the same answer to the same message passes once, however often it is sent
      const answerId = messageId === '' ? '' : `re-${messageId}`.slice(0, 255)
      await client.sendMessage({ application, fromAddress: toAddress, toAddress: fromAddress, text, conversation, messageId: answerId })
    }
    await client.confirmMessage({ application, receipt: message.receipt, taken: true })
  }
}
