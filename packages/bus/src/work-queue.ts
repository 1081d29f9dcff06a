/** Something that has to be done later, in order with what has the same key. */
export interface NewWork {
  /** Chosen by the caller; the same id is taken once. At most 200 printable ASCII characters. */
  readonly id: string
  /** What is worked on, counted and held up together: one destination. */
  readonly lane: string
  /** Within a lane, work of one key is done one after the other, in the order of `put`. */
  readonly key: string
  readonly data: Uint8Array
}

/** Work as it lies in the queue. */
export interface Work extends NewWork {
  /** Rises with the order of `put` within a lane; with `lane` it names the work. */
  readonly position: number
  readonly putAtMs: number
  /** How often it was pulled. */
  readonly attempts: number
}

/** Work that the caller is to do now. */
export interface PulledWork extends Work {
  /** The pull before this one was never answered: what was done then is unknown, perhaps all of it. */
  readonly isInterrupted: boolean
}

export type PutOutcome =
  | { readonly ok: true; readonly isDuplicate: boolean }
  | {
      readonly ok: false
      readonly code: string
      readonly detail: string
      /** False: it may lie in the queue all the same. */
      readonly isCertain: boolean
    }

export interface LaneState {
  readonly lane: string
  readonly count: number
  readonly oldestPutAtMs: number
}

/**
 * Durable work, shared by all replicas of a service. Of each key only the first piece can be pulled, and nobody else can
 * pull it until it is answered or its visibility time is over.
 */
export interface WorkQueue {
  /** `onDone` is called exactly once, never inside this call; `ok` means that the work survives a power cut. */
  put(work: NewWork, onDone: (outcome: PutOutcome) => void): void
  /**
   * At most `max` pieces of a lane, the first of its key each. That they were pulled is on disk before the promise resolves,
   * so that a crash cannot make an attempt look as if it had not begun. Who does not answer within `visibilityMs` loses them.
   * Empty also when another replica works on the lane. Rejects when the queue cannot be reached.
   */
  pull(lane: string, max: number, visibilityMs: number): Promise<readonly PulledWork[]>
  /** Done or given up: it is taken out. Work that is gone already is no error. True: nothing more of its key waits. */
  ack(work: Pick<Work, 'lane' | 'key' | 'position'>): Promise<boolean>
  /** Not done: given back, to be pulled again after `afterMs` and not before. */
  retry(work: Pick<Work, 'lane' | 'position'>, afterMs: number): Promise<void>
  /** What was given back may be pulled at once. */
  wake(lane: string): Promise<void>
  /** Lanes that hold work. */
  lanes(): Promise<readonly LaneState[]>
  /** A page of a lane in its order, for people; nothing is pulled. */
  list(lane: string, afterPosition: number, max: number): Promise<readonly Work[]>
  /** Calls with lane and key of work that is put, by whatever replica; a hint that may be early, late or lost. */
  onPut(listener: (lane: string, key: string) => void): Promise<{ stop(): Promise<void> }>
}

/** How long an id is remembered after its work was done. */
export const WORK_ID_MEMORY_MS: number = 2 * 60_000
