import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ManagedProcess, type ProcessPlan, startProcess } from '../peers-kit/managed-process.ts'
import { signalFamily } from './process-family.ts'

/** A machine with other work takes most of a minute to compile and start several services at once. */
const START_TIMEOUT_MS = 120_000
const RESTART_MS = 300

/** One process of the rig with somebody who starts it again when it ends, as a service manager would. */
export class Member {
  readonly name: string
  readonly folder: string
  readonly #plan: Omit<ProcessPlan, 'logFile' | 'name'>
  #process: ManagedProcess | undefined
  #starts = 0
  #wantsToRun = false
  #starting: Promise<void> | undefined
  /** Ended although nobody killed it. */
  readonly unexpectedEnds: string[] = []

  constructor(name: string, folder: string, plan: Omit<ProcessPlan, 'logFile' | 'name'>) {
    this.name = name
    this.folder = folder
    this.#plan = plan
    mkdirSync(folder, { recursive: true })
  }

  /** -1 while it does not run. */
  get pid(): number {
    return this.#process === undefined || this.#process.hasEnded ? -1 : this.#process.pid
  }

  /** Its clock can be moved: it was started with the shifting one. */
  get hasClock(): boolean {
    return this.#plan.env?.['CHAOS_CLOCK_FILE'] !== undefined
  }

  get clockFile(): string {
    return join(this.folder, 'clock')
  }

  async start(): Promise<void> {
    this.#wantsToRun = true
    // two faults may have killed it together: whoever heals last finds it running
    if (this.#starting === undefined && this.pid > 0) return
    this.#starting ??= this.#startUntilItRuns().finally(() => {
      this.#starting = undefined
    })
    await this.#starting
  }

  /** kill -9 of the process and all its children, and not started again until `start`. */
  async kill(): Promise<void> {
    this.#wantsToRun = false
    await this.#starting?.catch(() => {})
    signalFamily(this.pid, 'SIGKILL')
    await this.#process?.ended
  }

  pause(): void {
    signalFamily(this.pid, 'SIGSTOP')
  }

  resume(): void {
    signalFamily(this.pid, 'SIGCONT')
  }

  setClock(shiftMs: number): void {
    writeFileSync(this.clockFile, String(Math.round(shiftMs)))
  }

  async stop(): Promise<void> {
    this.#wantsToRun = false
    await this.#starting?.catch(() => {})
    this.resume()
    await this.#process?.stop()
  }

  async #startUntilItRuns(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    for (;;) {
      this.#starts++
      const logFile = join(this.folder, `run-${this.#starts}.log`)
      try {
        const started = await startProcess({ ...this.#plan, name: this.name, logFile, readyTimeoutMs: START_TIMEOUT_MS })
        this.#process = started
        void started.ended.then((code) => this.#ended(started, code))
        return
      } catch (problem) {
        if (this.#process === undefined || !this.#wantsToRun || performance.now() > deadline) throw problem
        await new Promise((resolve) => setTimeout(resolve, RESTART_MS))
      }
    }
  }

  #ended(one: ManagedProcess, code: number | null): void {
    if (!this.#wantsToRun || one !== this.#process) return
    this.unexpectedEnds.push(`${this.name} ended by itself with ${code}: ${one.output().trimEnd().split('\n').at(-1) ?? ''}`)
    void this.start().catch(() => {})
  }
}
