import { CommitEngine, type CommitEngineOptions, type EngineState } from './commit-engine.ts'
import { type Committer, STATE_BEFORE_START } from './committer.ts'

export interface DirectCommitterDeps {
  /** Runs after waiting I/O events had their turn: what they append shares the commit. */
  readonly defer: (run: () => void) => void
  /** Calls again and again until the result is called. */
  readonly setTicker: (run: () => void, everyMs: number) => () => void
}

const TICK_MS = 250

/** Runs the engine in the calling thread: less work per batch, but each commit stops the event loop until it is on the disk. */
export class DirectCommitter implements Committer {
  readonly #engine: CommitEngine
  readonly #deps: DirectCommitterDeps
  readonly #onState: (state: EngineState) => void
  #state: EngineState = STATE_BEFORE_START
  #requests: Uint8Array[] = []
  #callbacks: ((reply: Uint8Array) => void)[] = []
  #stopTicker: () => void = () => {}

  constructor(options: CommitEngineOptions, deps: DirectCommitterDeps, onState: (state: EngineState) => void) {
    this.#engine = new CommitEngine(options)
    this.#deps = deps
    this.#onState = onState
  }

  async start(): Promise<EngineState> {
    this.#engine.recover()
    this.#note()
    this.#stopTicker = this.#deps.setTicker(() => {
      if (this.#engine.isAccepting) this.#engine.tick()
      else this.#engine.recover()
      this.#note()
    }, TICK_MS)
    return this.#state
  }

  append(request: Uint8Array, onReply: (reply: Uint8Array) => void): void {
    this.#requests.push(request)
    this.#callbacks.push(onReply)
    if (this.#requests.length === 1) this.#deps.defer(() => this.#commit())
  }

  async settle(): Promise<void> {
    this.#commit()
  }

  async sign(): Promise<void> {
    this.#engine.checkpoint()
  }

  state(): EngineState {
    return this.#state
  }

  async stop(): Promise<void> {
    this.#stopTicker()
    this.#commit()
    this.#engine.stop()
    this.#note()
  }

  #commit(): void {
    const requests = this.#requests
    const callbacks = this.#callbacks
    if (requests.length === 0) return
    this.#requests = []
    this.#callbacks = []
    const replies = this.#engine.commit(requests)
    this.#note()
    for (const [at, onReply] of callbacks.entries()) onReply(replies[at]!)
    // Nobody waits for the index.
    this.#engine.index()
  }

  #note(): void {
    const before = this.#state
    this.#state = this.#engine.state()
    if (before.isAccepting !== this.#state.isAccepting || before.code !== this.#state.code) this.#onState(this.#state)
  }
}
