import type { WorkQueue } from './work-queue.ts'

/** Headers that travel with a message: trace context and nothing else of importance. Names and values are printable ASCII. */
export type BusHeaders = Readonly<Record<string, string>>

/** A message as a handler gets it. The bytes belong to the handler from then on; the sender does not touch them again. */
export interface BusMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly headers: BusHeaders | undefined
}

/** What a request came to. A value, not an exception: no answer is an ordinary thing on a bus. */
export type BusReply =
  | { readonly ok: true; readonly data: Uint8Array }
  | {
      readonly ok: false
      /**
       * `no-responder`: nobody took it. `refused`: it was not sent, or the server's handler failed; `detail` starts with a code.
       * `timeout` and `closed`: it may have been carried out all the same.
       */
      readonly why: 'no-responder' | 'timeout' | 'closed' | 'refused'
      readonly detail: string
    }

export interface BusSubscription {
  /** Stops delivery; resolves when the last handler call has returned. */
  stop(): Promise<void>
}

export interface KvEntry {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
}

export interface BusKv {
  get(key: string): Promise<KvEntry | undefined>
  /** Writes when `expectedRevision` still holds (0: key must not exist; undefined: whatever). Undefined result: it did not hold. */
  put(key: string, value: Uint8Array, expectedRevision?: number): Promise<number | undefined>
  delete(key: string): Promise<void>
  keys(): Promise<readonly string[]>
  /** Calls with each present entry, then with each change, in revision order. `undefined` value: deleted. */
  watch(onChange: (key: string, value: Uint8Array | undefined, revision: number) => void): Promise<BusSubscription>
}

export interface BusStatus {
  readonly isConnected: boolean
  /** Since when, milliseconds since the epoch. */
  readonly sinceMs: number
  readonly detail: string
}

/**
 * The subjects between services (architecture §7). Two drivers keep this one contract: `embedded` and `nats`.
 * Handlers answer by returning bytes; throwing answers `refused` with the error's code.
 * Handlers and reply callbacks run on a later turn than the call that caused them, never inside it.
 */
export interface Bus {
  /** Longest `data` that one message can carry. */
  readonly maxPayloadBytes: number
  /** One request, one reply. `onReply` is called exactly once, never synchronously; no promise is made per call. */
  request(subject: string, data: Uint8Array, timeoutMs: number, onReply: (reply: BusReply) => void, headers?: BusHeaders): void
  /** Answers requests; within one `queue` each request reaches one server only. */
  serve(subject: string, queue: string, handler: (message: BusMessage) => Promise<Uint8Array> | Uint8Array): Promise<BusSubscription>
  /** False when it could not be sent: closed, too large, or the buffer for a lost connection is full. */
  publish(subject: string, data: Uint8Array, headers?: BusHeaders): boolean
  /** Delivers what is published on a subject or pattern (`*` one word, final `>` the rest). Order of one publisher is kept. */
  subscribe(subject: string, handler: (message: BusMessage) => void): Promise<BusSubscription>
  kv(bucket: string): Promise<BusKv>
  /** Durable work; rejects where the bus has no place for it, and with NATS when the server does not write before it acknowledges. */
  workQueue(name: string): Promise<WorkQueue>
  status(): BusStatus
  onStatus(listener: (status: BusStatus) => void): void
  /** Lets pending requests finish for at most `graceMs`, then answers the rest `closed` and closes. */
  close(graceMs: number): Promise<void>
}
