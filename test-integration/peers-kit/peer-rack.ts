import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/**
 * Where one test keeps what it started: a scratch folder and a stack of things to stop, last one first.
 * Everything is stopped even when the test failed; the folder with all logs is kept (and named) in that case.
 */
export class PeerRack {
  readonly folder: string
  readonly #stops: (() => Promise<void> | void)[] = []
  #hasFailedStep = false

  constructor(name: string) {
    const root = join(tmpdir(), 'gatehouse-tests')
    mkdirSync(root, { recursive: true })
    this.folder = mkdtempSync(join(root, `${name}-`))
  }

  /** A path in the scratch folder. */
  path(name: string): string {
    return join(this.folder, name)
  }

  /** Registers what has to be stopped and hands it back. */
  add<T extends { stop(): Promise<void> | void }>(thing: T): T {
    this.#stops.push(() => thing.stop())
    return thing
  }

  /** A named step of the test; its failure keeps the logs. */
  async step(t: TestContext, name: string, body: () => Promise<unknown>): Promise<void> {
    await t.test(name, async () => {
      try {
        await body()
      } catch (problem) {
        this.#hasFailedStep = true
        throw problem
      }
    })
  }

  onStop(stop: () => Promise<void> | void): void {
    this.#stops.push(stop)
  }

  async stop(options: { isFailed: boolean }): Promise<void> {
    const problems: unknown[] = []
    for (const stop of this.#stops.reverse()) {
      try {
        await stop()
      } catch (problem) {
        problems.push(problem)
      }
    }
    this.#stops.length = 0
    if (options.isFailed || this.#hasFailedStep) process.stderr.write(`# logs kept in ${this.folder}\n`)
    else rmSync(this.folder, { recursive: true, force: true })
    if (problems.length > 0) throw new AggregateError(problems, 'some peers did not stop')
  }
}

/** Runs a test body with a rack that is emptied whatever happens. */
export function withRack(name: string, body: (rack: PeerRack, t: TestContext) => Promise<void>): (t: TestContext) => Promise<void> {
  return async (t) => {
    const rack = new PeerRack(name)
    let isFailed = true
    try {
      await body(rack, t)
      isFailed = false
    } finally {
      await rack.stop({ isFailed })
    }
  }
}
