import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs'
import { connect } from 'node:net'

export interface ProcessPlan {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Runs as another user; needs root. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Everything the process prints goes here. */
  readonly logFile: string
  /** What tells that it serves: a line it prints, TCP ports that accept, a UDP port that is bound (Linux). All that are given must come true. */
  readonly ready: {
    readonly line?: RegExp
    readonly ports?: readonly { readonly host: string; readonly port: number }[]
    readonly udpPort?: number
  }
  readonly readyTimeoutMs?: number
}

const PROBE_PAUSE_MS = 20
const STOP_GRACE_MS = 3000
const running = new Set<ManagedProcess>()

// A test that is killed must not leave daemons behind: the last thing this process does is to end their groups.
process.once('exit', () => {
  for (const one of running) one.killNow()
})

/** A real peer in a process group of its own. Made by `startProcess`, which returns once it serves. */
export class ManagedProcess {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #hasEnded = false

  constructor(name: string, child: ChildProcess, logFile: string, log: WriteStream) {
    this.name = name
    this.logFile = logFile
    this.#child = child
    this.pid = child.pid ?? -1
    this.#ended = new Promise((resolve) => {
      child.once('close', (code) => {
        this.#hasEnded = true
        running.delete(this)
        log.end(() => resolve(code))
      })
    })
    running.add(this)
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Exit code, once the process has ended and its log is complete. */
  get ended(): Promise<number | null> {
    return this.#ended
  }

  output(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  /** Ends the whole group: politely first, then for good. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.killNow(), STOP_GRACE_MS)
    await this.#ended
    clearTimeout(timer)
    // Children that outlived their parent are in the same group.
    this.killNow()
  }

  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name)
    } catch {
      // ESRCH: the group is gone already, which is what was wanted.
    }
  }

  killNow(): void {
    this.signal('SIGKILL')
  }

  /** Standard input of the process, for peers that are driven by commands. */
  write(text: string): void {
    this.#child.stdin?.write(text)
  }
}

/** Starts a process and waits for the event that says it serves; throws with the end of its log when it does not. */
export async function startProcess(plan: ProcessPlan): Promise<ManagedProcess> {
  const log = createWriteStream(plan.logFile)
  const child = spawn(plan.command, [...plan.args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(plan.cwd === undefined ? {} : { cwd: plan.cwd }),
    ...plan.user,
    env: { ...process.env, ...plan.env },
  })
  let tail = ''
  let seeLine: (() => void) | undefined
  const sawLine = plan.ready.line === undefined ? Promise.resolve() : new Promise<void>((resolve) => (seeLine = resolve))
  const onOutput = (chunk: Buffer): void => {
    log.write(chunk)
    tail = (tail + chunk.toString('latin1')).slice(-8192)
    if (plan.ready.line?.test(tail) === true) seeLine?.()
  }
  child.stdout.on('data', onOutput)
  child.stderr.on('data', onOutput)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const managed = new ManagedProcess(plan.name, child, plan.logFile, log)
  const deadline = performance.now() + (plan.readyTimeoutMs ?? 15_000)
  let giveUp: NodeJS.Timeout | undefined
  const tooLate = new Promise<string>(
    (resolve) => (giveUp = setTimeout(() => resolve('did not get ready in time'), deadline - performance.now())),
  )
  const ready = sawLine
    .then(() => Promise.all((plan.ready.ports ?? []).map((at) => portAccepts(at, deadline, managed))))
    .then(() => (plan.ready.udpPort === undefined ? undefined : udpIsBound(plan.ready.udpPort, deadline, managed)))
    .then(() => undefined)
  const outcome = await Promise.race([ready, managed.ended.then((code) => `ended with code ${code}`), tooLate])
  clearTimeout(giveUp)
  if (outcome !== undefined) {
    await managed.stop()
    throw new Error(`${plan.name} ${outcome}; the end of its log (${plan.logFile}):\n${tail.slice(-3000)}`)
  }
  return managed
}

async function portAccepts(at: { host: string; port: number }, deadline: number, of: ManagedProcess): Promise<void> {
  while (!of.hasEnded && performance.now() < deadline) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(at.port, at.host)
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS))
  }
}

async function udpIsBound(port: number, deadline: number, of: ManagedProcess): Promise<void> {
  const mark = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  while (!of.hasEnded && performance.now() < deadline) {
    const bound = readFileSync('/proc/net/udp', 'utf8')
      .split('\n')
      .some((line) => (line.trim().split(/\s+/)[1] ?? '').concat(' ').endsWith(mark))
    if (bound) return
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS))
  }
}
