import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** Forks one of the bench's processes from source, named by its path in this folder, and hands it its order. */
export function startChild(file: string, order: object, flags: readonly string[] = []): ChildProcess {
  const child = fork(join(import.meta.dirname, '..', file), {
    execArgv: ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', ...flags],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.send(order)
  return child
}

/** Starts a child that listens and waits until it does. */
export async function startListener(file: string, order: object, flags: readonly string[] = []): Promise<ChildProcess> {
  const child = startChild(file, order, flags)
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`${file} ended with code ${code}`)))
  })
  return child
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
