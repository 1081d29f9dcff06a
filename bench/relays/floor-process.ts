// The floor of every relay in Node: mutual TLS on both sides, bytes copied, nothing parsed.
import { readFileSync } from 'node:fs'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { RelayOrder } from '../load/load-orders.ts'

process.once('message', (order: RelayOrder) => {
  const identity = { cert: readFileSync(order.certFile), key: readFileSync(order.keyFile), ca: readFileSync(order.caFile) }
  const copy = (from: TLSSocket, to: TLSSocket): void => {
    from.setNoDelay(true)
    from.on('data', (chunk) => {
      if (!to.write(chunk)) {
        from.pause()
        to.once('drain', () => from.resume())
      }
    })
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
  const server = createServer({ ...identity, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' }, (peer) => {
    const inside = connect({ ...identity, host: order.upstreamHost, port: order.upstreamPort, servername: order.upstreamName })
    copy(peer, inside)
    copy(inside, peer)
  })
  server.listen(order.port, order.host, () => process.send?.('listening'))
})
process.once('disconnect', () => process.exit(0))
