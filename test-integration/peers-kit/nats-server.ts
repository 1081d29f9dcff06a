import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-tool.ts'
import { freePort } from './free-port.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'

export interface RunningNats {
  readonly url: string
  /** host:port */
  readonly server: string
  /** Where it says how it syncs. */
  readonly monitor: string
  readonly process: ManagedProcess
  stop(): Promise<void>
}

/** A nats-server with JetStream that writes to disk before it acknowledges (`sync_interval: always`). */
export async function startNats(folder: string, givenPort?: number): Promise<RunningNats> {
  const tool = findTool('nats-server')
  if (tool === undefined) throw new Error('nats-server is not installed')
  mkdirSync(folder, { recursive: true })
  const port = givenPort ?? (await freePort())
  const monitorPort = await freePort()
  const config = join(folder, 'nats.conf')
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitorPort}"\njetstream { store_dir: "${folder}/store", sync_interval: always }\n`,
  )
  const process = await startProcess({
    name: 'nats-server',
    command: tool,
    args: ['-c', config],
    logFile: join(folder, 'nats.log'),
    ready: { line: /Server is ready/, ports: [{ host: '127.0.0.1', port }] },
  })
  const monitor = `http://127.0.0.1:${monitorPort}`
  return { server: `127.0.0.1:${port}`, url: `nats://127.0.0.1:${port}`, monitor, process, stop: () => process.stop() }
}
