import type { ContainerRuntimeClient } from 'testcontainers'

/** A network of its own that leads nowhere else; this machine is its first address. */
export interface TestNetwork {
  readonly id: string
  readonly name: string
  readonly host: string
  /** The address with that last number. */
  at(last: number): string
  stop(): Promise<void>
}

/** Private addresses that few use: RFC 1918 10/8, this part of it. */
const SUBNETS = Array.from({ length: 200 }, (_, index) => `10.213.${index + 20}`)

/** Makes a network whose addresses are known beforehand: certificates, name server and configurations name them. */
export async function makeNetwork(client: ContainerRuntimeClient, purpose: string): Promise<TestNetwork> {
  const { dockerode } = client.container
  const first = process.pid % SUBNETS.length
  let refused: unknown
  for (const subnet of [...SUBNETS.slice(first), ...SUBNETS.slice(0, first)]) {
    const name = `gatehouse-test-${purpose}-${process.pid}`
    try {
      const network = await dockerode.createNetwork({
        Name: name,
        Driver: 'bridge',
        Internal: true,
        Labels: ownLabels(),
        IPAM: { Config: [{ Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }] },
      })
      return {
        id: network.id,
        name,
        host: `${subnet}.1`,
        at: (last) => `${subnet}.${last}`,
        stop: async () => void (await network.remove()),
      }
    } catch (thrown) {
      // taken by somebody else: the next one
      if (!/overlap|in use/i.test(String(thrown))) throw thrown
      refused = thrown
    }
  }
  throw new Error('no address range is free for a test network', { cause: refused })
}

/** What a run that was killed left behind is known by this, and removed by the next one. */
export function ownLabels(): Record<string, string> {
  return { 'gatehouse.test.pid': String(process.pid) }
}

/** Removes containers and networks of runs that have ended without doing so. */
export async function removeLeftovers(client: ContainerRuntimeClient): Promise<void> {
  const { dockerode } = client.container
  const isLeft = (labels: Record<string, string> | undefined): boolean => !isRunning(Number(labels?.['gatehouse.test.pid']))
  const filters = { label: ['gatehouse.test.pid'] }
  for (const { Id, Labels } of await dockerode.listContainers({ all: true, filters }))
    if (isLeft(Labels)) await dockerode.getContainer(Id).remove({ force: true, v: true })
  for (const { Id, Labels } of await dockerode.listNetworks({ filters })) if (isLeft(Labels)) await dockerode.getNetwork(Id).remove()
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
