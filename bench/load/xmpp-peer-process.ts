// An XMPP server at the far end of a bench: counts what comes in, and sends as many messages as are taken. Its streams are those of our own
// connector; what it costs is not in any result.
import { readFileSync } from 'node:fs'
import { sentOutcome } from '@gatehouse/delivery'
import { startXmppConnector, toXmpp } from '@gatehouse/test-integration'
import { LatencyHistogram } from './latency-histogram.ts'
import type { XmppCountOrder, XmppPeerOrder, XmppPhaseOrder, XmppReport } from './load-orders.ts'
import { benchBody, benchPeople } from './message-template.ts'

const MAX_ERRORS = 5

function report(message: XmppReport): void {
  process.send?.(message)
}

async function run(order: XmppPeerOrder): Promise<void> {
  const body = benchBody(order.bodyBytes)
  const { connector, context } = await startXmppConnector({
    served: [order.domain],
    certificate: order,
    rootPem: readFileSync(order.caFile, 'latin1'),
    nameServer: order.nameServer,
    port: order.port,
    directPort: order.directPort,
  })
  let received = 0
  let wrong = 0
  context.answerWith(({ content }) => {
    received += 1
    if (content.kind !== 'message' || content.text !== body) wrong += 1
    return { ...sentOutcome(), notice: '' }
  })
  let sequence = 0

  async function send({ window, warmUpMs, measureMs }: XmppPhaseOrder): Promise<void> {
    const latencies = new LatencyHistogram()
    const failed: string[] = []
    let messages = 0
    let isCounting = false
    let isOver = false
    const sender = async (): Promise<void> => {
      while (!isOver) {
        sequence += 1
        const { from, to } = benchPeople(sequence, order.domain, order.toDomain)
        const startedMs = performance.now()
        const content = { kind: 'message', messageId: `x${sequence}`, text: body } as const
        const outcome = await connector.send(toXmpp(to, content, { from }))
        if (outcome.status !== 'sent' && outcome.status !== 'delivered') failed.push(`${outcome.code} ${outcome.detail}`)
        else if (isCounting) {
          messages += 1
          latencies.add(performance.now() - startedMs)
        }
      }
    }
    const senders = Array.from({ length: window }, sender)
    await pause(warmUpMs)
    isCounting = true
    report({ kind: 'measuring' })
    await pause(measureMs)
    isCounting = false
    report({ kind: 'sent', messages, failed: failed.slice(0, MAX_ERRORS), latency: latencies.latency() })
    isOver = true
    await Promise.all(senders)
  }

  process.on('message', (next: XmppPhaseOrder | XmppCountOrder) => {
    if (next.kind === 'send') void send(next)
    else {
      report({ kind: 'counted', messages: received, wrong })
      received = 0
      wrong = 0
    }
  })
  process.send?.('listening')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

process.once('message', (order: XmppPeerOrder) => void run(order))
process.once('disconnect', () => process.exit(0))
