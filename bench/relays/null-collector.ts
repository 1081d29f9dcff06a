import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface NullCollector {
  readonly endpoint: string
  /** Bytes of OTLP that were taken. */
  bytes(): number
  stop(): Promise<void>
}

/** Takes OTLP over HTTP on loopback and keeps nothing of it: what tracing costs is measured at the sender. */
export async function startNullCollector(): Promise<NullCollector> {
  let bytes = 0
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes: () => bytes,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
