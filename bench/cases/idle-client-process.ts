// Opens many TLS connections, sends one keep-alive on each, and reports when all are up.
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { connect, createSecureContext, type TLSSocket } from 'node:tls'
import type { IdleOrder } from '../load/load-orders.ts'

// Handshakes at the same time: enough to keep both cores busy, few enough for any connect-rate limit to be configured.
const PARALLEL = 32

async function openAll(order: IdleOrder): Promise<{ open: number; failed: number }> {
  const secureContext = createSecureContext({
    cert: readFileSync(order.certFile),
    key: readFileSync(order.keyFile),
    ca: readFileSync(order.caFile),
  })
  const sockets: TLSSocket[] = []
  let next = 0
  let failed = 0
  const openOne = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const wire = connectTcp({ host: order.host, port: order.port, localAddress: `127.0.0.${2 + (index % order.sourceAddresses)}` })
      wire.on('error', () => wire.destroy())
      const socket = connect({ socket: wire, servername: order.servername, secureContext })
      let isUp = false
      socket.once('secureConnect', () => {
        isUp = true
        sockets.push(socket)
        // One keep-alive and its answer (RFC 5626 §3.5.1): the gate has made all that it makes for a connection.
        socket.write('\r\n\r\n')
        socket.once('data', () => resolve())
      })
      socket.on('error', () => socket.destroy())
      socket.once('close', () => {
        failed += 1
        if (!isUp) resolve()
      })
      socket.resume()
    })
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      while (next < order.connections) {
        next += 1
        await openOne(next)
      }
    }),
  )
  return { open: sockets.filter((socket) => !socket.destroyed).length, failed }
}

process.once('message', (order: IdleOrder) => {
  void openAll(order).then((outcome) => process.send?.(outcome))
})
process.once('disconnect', () => process.exit(0))
