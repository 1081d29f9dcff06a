// The inside server of a bench: takes TLS connections, checks every MESSAGE and answers it with 200.
import { readFileSync } from 'node:fs'
import { createServer, type TLSSocket } from 'node:tls'
import { createResponse, encodeMessage, type SipRequest, SipStreamFramer } from '@gatehouse/sip-core'
import { LoopWatch } from '@gatehouse/test-integration'
import type { SinkOrder, SinkReport } from './load-orders.ts'
import { benchBody } from './message-template.ts'

/** What is wrong with a request that came through the relay; undefined: nothing. */
function defectOf(request: SipRequest, order: SinkOrder, body: Buffer): string | undefined {
  if (!body.equals(request.body)) return 'its body is damaged'
  if (request.headers.all('Via').length < order.minVias) return 'a Via is missing'
  if (request.from()?.tag === undefined || request.callId() === undefined) return 'a header was lost'
  if (order.minVias > 1 && request.maxForwards() !== 68) return `Max-Forwards is ${request.maxForwards()}`
  return undefined
}

function serve(socket: TLSSocket, order: SinkOrder): void {
  const framer = new SipStreamFramer({ maxBodyBytes: 1_048_576 })
  const body = Buffer.from(benchBody(order.bodyBytes))
  let tag = 0
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    framer.handleData(chunk)
    socket.cork()
    for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
      if (frame.kind === 'keepalive') continue
      if (frame.kind !== 'message' || !frame.message.isRequest) throw new Error(`the sink got ${frame.kind}`)
      const request = frame.message
      const defect = request.method === 'MESSAGE' ? defectOf(request, order, body) : undefined
      if (defect !== undefined) throw new Error(`the sink got a message, but ${defect}`)
      tag += 1
      taken += 1
      socket.write(encodeMessage(createResponse(request, 200, undefined, { toTag: `s${tag}` })))
    }
    socket.uncork()
  })
}

const watch = new LoopWatch()
let taken = 0

process.once('message', (order: SinkOrder) => {
  process.on('message', () => {
    process.send?.({ ...watch.take(), taken } satisfies SinkReport)
    taken = 0
  })
  const server = createServer(
    {
      cert: readFileSync(order.certFile),
      key: readFileSync(order.keyFile),
      ca: readFileSync(order.caFile),
      requestCert: true,
      minVersion: 'TLSv1.2',
    },
    (socket) => serve(socket, order),
  )
  server.listen(order.port, order.host, () => process.send?.('listening'))
})
process.once('disconnect', () => process.exit(0))
