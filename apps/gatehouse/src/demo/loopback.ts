import { createServer } from 'node:net'

/**
 * An address for each host of the demo: 127.0.0.x where the system has the whole loopback network (Linux), else 127.0.0.1 for all,
 * apart by their ports.
 */
export async function loopbackAddresses(): Promise<(host: number) => string> {
  const hasNetwork = await canListen('127.0.0.11')
  return (host) => (hasNetwork ? `127.0.0.${host}` : '127.0.0.1')
}

function canListen(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(0, address, () => server.close(() => resolve(true)))
  })
}
