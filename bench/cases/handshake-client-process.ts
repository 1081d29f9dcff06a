// Opens a TLS connection, sends one keep-alive, waits for its answer, closes, and begins again; several at the same time.
import { readFileSync } from 'node:fs'
import { connect, createSecureContext } from 'node:tls'

export interface HandshakeOrder {
  readonly host: string
  readonly port: number
  readonly servername: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  /** Offers the session of an earlier connection. */
  readonly isResuming: boolean
  readonly measureMs: number
}

export interface HandshakeOutcome {
  readonly done: number
  readonly resumed: number
  readonly failed: number
}

const PARALLEL = 8
const WARM_UP_MS = 1500

async function run(order: HandshakeOrder): Promise<HandshakeOutcome> {
  const { host, port, servername, isResuming } = order
  const secureContext = createSecureContext({
    cert: readFileSync(order.certFile),
    key: readFileSync(order.keyFile),
    ca: readFileSync(order.caFile),
  })
  let session: Buffer | undefined
  let isOver = false
  let count = { done: 0, resumed: 0, failed: 0 }
  const openOne = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host, port, servername, secureContext, ...(isResuming && session !== undefined ? { session } : {}) })
      socket.once('session', (given) => {
        session = given
      })
      socket.once('secureConnect', () => socket.write('\r\n\r\n'))
      // The answer comes behind the session tickets of TLS 1.3: both are there now.
      socket.once('data', () => {
        count.done += 1
        if (socket.isSessionReused()) count.resumed += 1
        socket.end()
      })
      socket.on('error', () => {
        count.failed += 1
        socket.destroy()
      })
      socket.once('close', () => resolve())
    })
  const workers = Array.from({ length: PARALLEL }, async () => {
    while (!isOver) await openOne()
  })
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))
  process.send?.('measuring')
  count = { done: 0, resumed: 0, failed: 0 }
  await new Promise((resolve) => setTimeout(resolve, order.measureMs))
  const counted = count
  count = { done: 0, resumed: 0, failed: 0 }
  isOver = true
  await Promise.all(workers)
  return counted
}

process.once('message', (order: HandshakeOrder) => {
  void run(order).then((outcome) => process.send?.(outcome))
})
process.once('disconnect', () => process.exit(0))
