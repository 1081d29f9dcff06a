import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the ports that the kernel gives out by itself (Linux: from 32,768): none of these is taken by somebody's outgoing connection,
// or by a listener on port 0, between the look and the use.
const [FIRST, END] = [15_000, 32_000] as const
const handedOut = new Set<number>()

/** A TCP port of `address` that nobody listens on and that was not handed out before; the caller binds it next. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  while (handedOut.size < (END - FIRST) / 2) {
    const port = randomInt(FIRST, END)
    if (handedOut.has(port) || !(await isFree(port, address))) continue
    handedOut.add(port)
    return port
  }
  throw new Error(`${handedOut.size} ports were handed out`)
}

/** Several different free ports at once. */
export async function freePorts(count: number, address = '127.0.0.1'): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort(address))
  return ports
}

async function isFree(port: number, address: string): Promise<boolean> {
  const server = createServer()
  const isOurs = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, address, () => resolve(true))
  })
  if (isOurs) await new Promise((resolve) => server.close(resolve))
  return isOurs
}
