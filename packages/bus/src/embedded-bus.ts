import type { Bus, BusHeaders, BusKv, BusMessage, BusReply, BusStatus, BusSubscription } from './bus.ts'
import { EmbeddedKv, type KvStore } from './embedded-kv.ts'
import { EmbeddedWorkQueue } from './embedded-work-queue.ts'
import { busError } from './errors.ts'
import { refusalDetail } from './handler-refusal.ts'
import { type PendingRequest, PendingRequests } from './pending-requests.ts'
import { hasWildcard, isSubject, matchesPattern, requireBucket, requirePattern, requireQueue } from './subject-match.ts'
import type { SetTimer } from './timer-wheel.ts'
import type { WorkFile } from './work-file.ts'
import type { WorkQueue } from './work-queue.ts'

export interface EmbeddedBusDeps {
  /** Monotonic milliseconds; deadlines are measured with it. */
  readonly nowMs: () => number
  /** Milliseconds since the epoch, for the status. */
  readonly wallMs: () => number
  readonly setTimer: SetTimer
  /** Runs after the running callback and before the next I/O event: `queueMicrotask`. */
  readonly deferNear: (run: () => void) => void
  /** Runs after waiting I/O events had their turn: `setImmediate`. */
  readonly deferFar: (run: () => void) => void
  /** Keeps buckets over a restart. */
  readonly store: KvStore | undefined
  /** The buckets to keep; the others live in memory. */
  readonly storedBuckets: readonly string[]
  /** Where durable work lies; closed with the bus. Without it there are no work queues. */
  readonly work: WorkFile | undefined
  /** Requests that may wait for answers at the same time; more are refused at once. */
  readonly maxPending: number
  /** A message body of 1 MiB with its record around it has to pass; a NATS server needs max_payload 4MB for the same. */
  readonly maxPayloadBytes: number
}

type ServeHandler = (message: BusMessage) => Promise<Uint8Array> | Uint8Array

interface Member {
  readonly pattern: string
  readonly serve: ServeHandler | undefined
  readonly listen: ((message: BusMessage) => void) | undefined
  isActive: boolean
  running: number
  onIdle: (() => void) | undefined
}

/** All members of one queue group on one pattern; requests go round. */
interface Group {
  readonly members: Member[]
  next: number
}

/** Who gets messages of one subject; recomputed after each change of the memberships. */
interface Route {
  readonly groups: readonly Group[]
  readonly listeners: readonly Member[]
}

type Task = () => void

const NOT_CONNECTED: BusReply = { ok: false, why: 'closed', detail: 'GH-BUS-CLOSED the bus is closed' }

/** The bus inside one process. Nothing is copied: a payload is handed over by reference. */
class EmbeddedBus implements Bus {
  readonly maxPayloadBytes: number
  readonly #deps: EmbeddedBusDeps
  readonly #pending: PendingRequests
  readonly #groups = new Map<string, Group>()
  readonly #listeners = new Set<Member>()
  readonly #routes = new Map<string, Route>()
  readonly #kvs = new Map<string, EmbeddedKv>()
  readonly #workQueues = new Map<string, EmbeddedWorkQueue>()
  readonly #statusListeners: ((status: BusStatus) => void)[] = []
  #queue: Task[] = []
  #isPumping = false
  #isPumpDue = false
  #status: BusStatus

  constructor(deps: EmbeddedBusDeps) {
    this.#deps = deps
    this.maxPayloadBytes = deps.maxPayloadBytes
    this.#pending = new PendingRequests(deps.nowMs, deps.setTimer)
    this.#status = { isConnected: true, sinceMs: deps.wallMs(), detail: 'embedded' }
  }

  request(subject: string, data: Uint8Array, timeoutMs: number, onReply: (reply: BusReply) => void, headers?: BusHeaders): void {
    const refusal = this.#refusalOf(subject, data)
    if (refusal !== undefined) {
      this.#enqueue(() => onReply(refusal))
      return
    }
    const request = this.#pending.add(subject, timeoutMs, onReply)
    this.#enqueue(() => this.#deliver(request, { subject, data, headers }))
  }

  async serve(subject: string, queue: string, handler: ServeHandler): Promise<BusSubscription> {
    this.#requireOpen()
    requirePattern(subject)
    requireQueue(queue)
    const member: Member = { pattern: subject, serve: handler, listen: undefined, isActive: true, running: 0, onIdle: undefined }
    const name = `${subject} ${queue}`
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = { members: [], next: 0 }
      this.#groups.set(name, group)
    }
    group.members.push(member)
    this.#routes.clear()
    return {
      stop: () => {
        const at = group.members.indexOf(member)
        if (at >= 0) group.members.splice(at, 1)
        if (group.members.length === 0 && this.#groups.get(name) === group) this.#groups.delete(name)
        return this.#leave(member)
      },
    }
  }

  publish(subject: string, data: Uint8Array, headers?: BusHeaders): boolean {
    if (!this.#status.isConnected || data.length > this.maxPayloadBytes || !isSubject(subject)) return false
    this.#enqueue(() => {
      const message: BusMessage = { subject, data, headers }
      const route = this.#routeOf(subject)
      for (const group of route.groups) this.#run(this.#pick(group), message, undefined)
      for (const member of route.listeners) this.#run(member, message, undefined)
    })
    return true
  }

  async subscribe(subject: string, handler: (message: BusMessage) => void): Promise<BusSubscription> {
    this.#requireOpen()
    requirePattern(subject)
    const member: Member = { pattern: subject, serve: undefined, listen: handler, isActive: true, running: 0, onIdle: undefined }
    this.#listeners.add(member)
    this.#routes.clear()
    return {
      stop: () => {
        this.#listeners.delete(member)
        return this.#leave(member)
      },
    }
  }

  async kv(bucket: string): Promise<BusKv> {
    this.#requireOpen()
    requireBucket(bucket)
    let kv = this.#kvs.get(bucket)
    if (kv === undefined) {
      const store = this.#deps.storedBuckets.includes(bucket) ? this.#deps.store : undefined
      kv = new EmbeddedKv(bucket, (run) => this.#enqueue(run), store)
      this.#kvs.set(bucket, kv)
    }
    return kv
  }

  async workQueue(name: string): Promise<WorkQueue> {
    this.#requireOpen()
    requireQueue(name)
    const { work: file, wallMs, deferFar: defer } = this.#deps
    if (file === undefined) throw busError('GH-BUS-NO-WORK')
    let queue = this.#workQueues.get(name)
    if (queue === undefined) {
      queue = new EmbeddedWorkQueue(name, { file, wallMs, defer })
      this.#workQueues.set(name, queue)
    }
    return queue
  }

  status(): BusStatus {
    return this.#status
  }

  onStatus(listener: (status: BusStatus) => void): void {
    this.#statusListeners.push(listener)
  }

  async close(graceMs: number): Promise<void> {
    if (!this.#status.isConnected) return
    this.#status = { isConnected: false, sinceMs: this.#deps.wallMs(), detail: 'closed' }
    let cancel: () => void = () => {}
    const grace = new Promise<void>((resolve) => {
      cancel = this.#deps.setTimer(resolve, graceMs)
    })
    await Promise.race([this.#pending.idle(), grace])
    cancel()
    this.#pending.settleAll(NOT_CONNECTED)
    this.#pending.stop()
    this.#groups.clear()
    this.#listeners.clear()
    this.#routes.clear()
    for (const listener of this.#statusListeners) listener(this.#status)
    this.#deps.work?.close()
  }

  #requireOpen(): void {
    if (!this.#status.isConnected) throw busError('GH-BUS-CLOSED')
  }

  #refusalOf(subject: string, data: Uint8Array): BusReply | undefined {
    if (!this.#status.isConnected) return NOT_CONNECTED
    if (data.length > this.maxPayloadBytes) return { ok: false, why: 'refused', detail: `GH-BUS-TOO-LARGE ${data.length} bytes` }
    if (this.#pending.size >= this.#deps.maxPending) return { ok: false, why: 'refused', detail: 'GH-BUS-BUSY' }
    if (!isSubject(subject)) return { ok: false, why: 'refused', detail: `GH-BUS-SUBJECT ${subject}` }
    return undefined
  }

  #deliver(request: PendingRequest, message: BusMessage): void {
    if (request.isSettled) return
    const route = this.#routeOf(message.subject)
    for (const member of route.listeners) this.#run(member, message, undefined)
    if (route.groups.length === 0) {
      request.settle({ ok: false, why: 'no-responder', detail: `GH-BUS-NO-RESPONDER ${message.subject}` })
      return
    }
    for (const group of route.groups) this.#run(this.#pick(group), message, request)
  }

  #pick(group: Group): Member | undefined {
    if (group.next >= group.members.length) group.next = 0
    return group.members[group.next++]
  }

  #run(member: Member | undefined, message: BusMessage, request: PendingRequest | undefined): void {
    if (member === undefined || !member.isActive) return
    if (member.listen !== undefined) {
      member.listen(message)
      return
    }
    if (member.serve === undefined) return
    try {
      const answer = member.serve(message)
      if (answer instanceof Uint8Array) this.#answer(request, { ok: true, data: answer })
      else this.#answerLater(member, request, answer)
    } catch (thrown) {
      this.#answer(request, { ok: false, why: 'refused', detail: refusalDetail(thrown) })
    }
  }

  #answerLater(member: Member, request: PendingRequest | undefined, answer: Promise<Uint8Array>): void {
    member.running++
    answer.then(
      (data) => {
        this.#answer(request, { ok: true, data })
        this.#handlerDone(member)
      },
      (thrown: unknown) => {
        this.#answer(request, { ok: false, why: 'refused', detail: refusalDetail(thrown) })
        this.#handlerDone(member)
      },
    )
  }

  #handlerDone(member: Member): void {
    member.running--
    if (member.running === 0) member.onIdle?.()
  }

  #answer(request: PendingRequest | undefined, reply: BusReply): void {
    if (request === undefined) return
    if (reply.ok && reply.data.length > this.maxPayloadBytes) {
      this.#enqueue(() => request.settle({ ok: false, why: 'refused', detail: 'GH-BUS-TOO-LARGE the answer' }))
    } else this.#enqueue(() => request.settle(reply))
  }

  #leave(member: Member): Promise<void> {
    member.isActive = false
    this.#routes.clear()
    if (member.running === 0) return Promise.resolve()
    return new Promise((resolve) => {
      member.onIdle = resolve
    })
  }

  #routeOf(subject: string): Route {
    const known = this.#routes.get(subject)
    if (known !== undefined) return known
    const groups: Group[] = []
    for (const group of this.#groups.values()) {
      const pattern = group.members[0]?.pattern
      if (pattern !== undefined && covers(pattern, subject)) groups.push(group)
    }
    const listeners = [...this.#listeners].filter((member) => covers(member.pattern, subject))
    const route: Route = { groups, listeners }
    // Bounded: subjects are a closed list, but event topics could be made from data.
    if (this.#routes.size >= 1000) this.#routes.clear()
    this.#routes.set(subject, route)
    return route
  }

  // What is caused inside the pump waits for the next loop turn: two handlers that call each other must not keep I/O out.
  #enqueue(task: Task): void {
    this.#queue.push(task)
    if (this.#isPumpDue) return
    this.#isPumpDue = true
    if (this.#isPumping) this.#deps.deferFar(this.#pump)
    else this.#deps.deferNear(this.#pump)
  }

  readonly #pump = (): void => {
    const tasks = this.#queue
    this.#queue = []
    this.#isPumpDue = false
    this.#isPumping = true
    let at = 0
    try {
      for (; at < tasks.length; at++) tasks[at]!()
    } finally {
      this.#isPumping = false
      // A callback threw: the rest still gets its turn, the throw goes to the process as from any callback.
      if (at < tasks.length) this.#requeue(tasks.slice(at + 1))
    }
  }

  #requeue(tasks: Task[]): void {
    if (tasks.length === 0) return
    this.#queue = tasks.concat(this.#queue)
    if (this.#isPumpDue) return
    this.#isPumpDue = true
    this.#deps.deferFar(this.#pump)
  }
}

function covers(pattern: string, subject: string): boolean {
  return pattern === subject || (hasWildcard(pattern) && matchesPattern(pattern, subject))
}

const systemDeps: EmbeddedBusDeps = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer: (run, delayMs) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  deferNear: (run) => queueMicrotask(run),
  deferFar: (run) => {
    setImmediate(run)
  },
  store: undefined,
  storedBuckets: [],
  work: undefined,
  maxPending: 100_000,
  maxPayloadBytes: 4 * 1024 * 1024,
}

/** A bus for services that live in one process. What is not given comes from the running system. */
export function createEmbeddedBus(deps: Partial<EmbeddedBusDeps> = {}): Bus {
  return new EmbeddedBus({ ...systemDeps, ...deps })
}
