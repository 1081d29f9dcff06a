import { connect } from 'node:net'
import type { ContainerRuntimeClient } from 'testcontainers'
import type { Launch } from '../../peers-kit/peer.ts'
import { ContainerPeer, type ContainerPlan } from './container-peer.ts'

const PROBE_PAUSE_MS = 50
const READY_TIMEOUT_MS = 40_000

/**
 * The launcher of containers for peers that are written for processes: the same program, arguments and files, in an image that holds
 * the program. `folder` is bound at the same path, so that what its configuration names is there.
 */
export function launchIn(client: ContainerRuntimeClient, folder: string, plan: Pick<ContainerPlan, 'image' | 'places'>): Launch {
  return async ({ name, command, args, logFile, ready, readyTimeoutMs }) => {
    const peer = await ContainerPeer.start(client, {
      ...plan,
      name,
      entrypoint: [command],
      command: args,
      binds: [`${folder}:${folder}`],
      user: 'root',
      logFile,
    })
    const { line, ports = [] } = ready
    const isThere = async (): Promise<boolean> =>
      (line === undefined || line.test(peer.output())) &&
      (await Promise.all(ports.map(({ host, port }) => accepts(host, port)))).every(Boolean)
    await until(peer, isThere, readyTimeoutMs ?? READY_TIMEOUT_MS)
    return peer
  }
}

/** Waits for something about a container; throws with the end of its log when it ends before, or in time does not come. */
export async function until(peer: ContainerPeer, isTrue: () => Promise<boolean> | boolean, timeoutMs = READY_TIMEOUT_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isTrue())) {
    if (peer.hasEnded || performance.now() > deadline)
      throw new Error(
        `${peer.name} ${peer.hasEnded ? 'ended' : 'does not serve'}; the end of its log (${peer.logFile}):\n${peer.output().slice(-3_000)}`,
      )
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS))
  }
}

export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 })
    const end = (isOpen: boolean) => (): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', end(true))
    socket.once('error', end(false))
    socket.once('timeout', end(false))
  })
}
