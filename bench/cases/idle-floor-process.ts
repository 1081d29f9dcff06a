// What a silent mutual-TLS peer costs in Node when nothing is kept about it: the floor of the idle case.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
import type { ListenerOrder } from '../load/load-orders.ts'

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
      socket.on('error', () => socket.destroy())
      socket.on('data', () => socket.write('\r\n'))
    },
  )
  server.listen(order.port, order.host, () => process.send?.('listening'))
})
process.once('disconnect', () => process.exit(0))
