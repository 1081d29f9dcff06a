// The inside server of a bench: takes TLS connections and answers every MESSAGE with 200.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import { createResponse, encodeMessage, SipStreamFramer } from '@gatehouse/sip-core'
import type { ListenerOrder } from './child-messages.ts'
import { BENCH_BODY_BYTES } from './message-template.ts'

process.once('message', (order: ListenerOrder) => {
  const server = createServer(
    {
      cert: readFileSync(order.certFile),
      key: readFileSync(order.keyFile),
      ca: readFileSync(order.caFile),
      requestCert: true,
      minVersion: 'TLSv1.2',
    },
    (socket) => {
      const framer = new SipStreamFramer()
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
          if (request.method === 'MESSAGE' && request.body.length !== BENCH_BODY_BYTES)
            throw new Error('the sink got a message with a damaged body')
          tag += 1
          socket.write(encodeMessage(createResponse(request, 200, undefined, { toTag: `s${tag}` })))
        }
        socket.uncork()
      })
    },
  )
  server.listen(order.port, order.host, () => process.send?.('listening'))
})
process.once('disconnect', () => process.exit(0))
