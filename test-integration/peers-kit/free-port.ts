import { createServer } from 'node:net'

/** A TCP port of `address` that was free a moment ago; the caller binds it next. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  const bound = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has no port')
  return bound.port
}

/** Several different free ports at once: none is handed out twice. */
export async function freePorts(count: number, address = '127.0.0.1'): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort(address))
  return [...ports]
}
