import { accessSync, constants, readFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { Kvm } from '@nats-io/kv'
import {
  type ConnectionOptions,
  connect,
  headers as createHeaders,
  credsAuthenticator,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  nuid,
  PermissionViolationError,
  type Subscription,
} from '@nats-io/transport-node'
import type { Bus, BusHeaders, BusKv, BusMessage, BusReply, BusStatus, BusSubscription } from './bus.ts'
import { busError } from './errors.ts'
import { refusalDetail } from './handler-refusal.ts'
import { requireNatsFeatures } from './nats-features.ts'
import { NatsKv } from './nats-kv.ts'
import { DEFAULT_MAX_BUFFERED_BYTES, DEFAULT_MAX_PENDING, type NatsBusDeps, type NatsBusOptions } from './nats-options.ts'
import { NatsWork } from './nats-work.ts'
import { PendingRequests } from './pending-requests.ts'
import { reconnectPace } from './reconnect-pace.ts'
import { RunningCalls } from './running-calls.ts'
import { isSubject, requireBucket, requirePattern, requireQueue } from './subject-match.ts'
import type { WorkQueue } from './work-queue.ts'

const REFUSAL_HEADER = 'Gatehouse-Refusal'
// Headers count against the server's max_payload; trace context takes a fraction of this.
const HEADER_RESERVE_BYTES = 1024
const NO_RESPONDERS = 503
const EMPTY = new Uint8Array()

/** The bus over a NATS server. All replies come in on one subscription; a request costs no promise, no timer, no subscription. */
class NatsBus implements Bus {
  readonly maxPayloadBytes: number
  readonly #connection: NatsConnection
  readonly #options: NatsBusOptions
  readonly #deps: NatsBusDeps
  readonly #pending: PendingRequests
  readonly #inbox: string
  readonly #kvs = new Map<string, Promise<BusKv>>()
  readonly #statusListeners: ((status: BusStatus) => void)[] = []
  readonly #work: NatsWork
  #status: BusStatus
  #bufferedBytes = 0
  #isClosing = false

  constructor(connection: NatsConnection, options: NatsBusOptions, deps: NatsBusDeps) {
    this.#connection = connection
    this.#options = options
    this.#deps = deps
    this.maxPayloadBytes = (connection.info?.max_payload ?? 1024 * 1024) - HEADER_RESERVE_BYTES
    this.#pending = new PendingRequests(deps.nowMs, deps.setTimer)
    this.#work = new NatsWork(this, connection, options, deps)
    this.#inbox = `${options.inboxPrefix ?? '_INBOX'}.${nuid.next()}`
    this.#status = { isConnected: true, sinceMs: deps.wallMs(), detail: connection.getServer() }
  }

  async start(): Promise<void> {
    let refused: Error | undefined
    const takeReply = (message: Msg): void => this.#takeReply(message)
    const callback = (error: Error | null, message: Msg): void => {
      if (error !== null) refused = error
      else this.#guard(takeReply, message)
    }
    await this.#confirm(this.#connection.subscribe(`${this.#inbox}.*`, { callback }))
    // without replies every request would run into its deadline
    if (refused !== undefined) throw busError('GH-BUS-PERMISSION', messageOf(refused), { cause: refused })
    void this.#followStatus()
  }

  request(subject: string, data: Uint8Array, timeoutMs: number, onReply: (reply: BusReply) => void, headers?: BusHeaders): void {
    const refusal = this.#refusalOf(subject, data)
    if (refusal !== undefined) {
      this.#deps.defer(() => onReply(refusal))
      return
    }
    const request = this.#pending.add(subject, timeoutMs, onReply)
    const reply = `${this.#inbox}.${request.id}`
    try {
      this.#connection.publish(subject, data, headers === undefined ? { reply } : { reply, headers: toHeaders(headers) })
    } catch (thrown) {
      const failed: BusReply = { ok: false, why: 'refused', detail: `GH-BUS-CLOSED ${messageOf(thrown)}` }
      this.#deps.defer(() => request.settle(failed))
    }
  }

  async serve(
    subject: string,
    queue: string,
    handler: (message: BusMessage) => Promise<Uint8Array> | Uint8Array,
  ): Promise<BusSubscription> {
    requirePattern(subject)
    requireQueue(queue)
    const running = new RunningCalls()
    return await this.#listen(subject, queue, running, (message) => this.#answer(message, handler, running))
  }

  publish(subject: string, data: Uint8Array, headers?: BusHeaders): boolean {
    if (this.#refusalOf(subject, data) !== undefined) return false
    try {
      this.#connection.publish(subject, data, headers === undefined ? {} : { headers: toHeaders(headers) })
      return true
    } catch {
      return false
    }
  }

  async subscribe(subject: string, handler: (message: BusMessage) => void): Promise<BusSubscription> {
    requirePattern(subject)
    return await this.#listen(subject, undefined, new RunningCalls(), (message) => handler(toMessage(message)))
  }

  kv(bucket: string): Promise<BusKv> {
    const known = this.#kvs.get(bucket)
    if (known !== undefined) return known
    const opened = this.#openKv(bucket)
    this.#kvs.set(bucket, opened)
    // A bucket that could not be opened now may be opened later.
    opened.catch(() => this.#kvs.delete(bucket))
    return opened
  }

  async workQueue(name: string): Promise<WorkQueue> {
    if (this.#isClosing || this.#connection.isClosed()) throw busError('GH-BUS-CLOSED')
    requireQueue(name)
    return await this.#work.queue(name)
  }

  status(): BusStatus {
    return this.#status
  }

  onStatus(listener: (status: BusStatus) => void): void {
    this.#statusListeners.push(listener)
  }

  async close(graceMs: number): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    let cancel: () => void = () => {}
    const grace = new Promise<void>((resolve) => {
      cancel = this.#deps.setTimer(resolve, graceMs)
    })
    // What was published last has to leave before the connection does.
    const flushed = this.#status.isConnected ? this.#connection.flush().catch(() => undefined) : Promise.resolve()
    await Promise.race([Promise.all([this.#pending.idle(), flushed]), grace])
    cancel()
    this.#pending.settleAll({ ok: false, why: 'closed', detail: 'GH-BUS-CLOSED the bus is closed' })
    this.#pending.stop()
    await this.#connection.close()
    if (this.#status.isConnected) this.#setStatus(false, 'closed')
  }

  #refusalOf(subject: string, data: Uint8Array): BusReply | undefined {
    if (this.#isClosing || this.#connection.isClosed()) return { ok: false, why: 'closed', detail: 'GH-BUS-CLOSED the bus is closed' }
    if (data.length > this.maxPayloadBytes) return { ok: false, why: 'refused', detail: `GH-BUS-TOO-LARGE ${data.length} bytes` }
    if (this.#pending.size >= (this.#options.maxPending ?? DEFAULT_MAX_PENDING)) return { ok: false, why: 'refused', detail: 'GH-BUS-BUSY' }
    if (!isSubject(subject)) return { ok: false, why: 'refused', detail: `GH-BUS-SUBJECT ${subject}` }
    if (this.#status.isConnected) return undefined
    // The client library keeps what is sent while the server is away, without a bound of its own.
    this.#bufferedBytes += data.length + 256
    const isFull = this.#bufferedBytes > (this.#options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES)
    return isFull ? { ok: false, why: 'refused', detail: 'GH-BUS-BUSY the server is away and the buffer is full' } : undefined
  }

  async #listen(subject: string, queue: string | undefined, running: RunningCalls, take: (message: Msg) => void): Promise<BusSubscription> {
    if (this.#isClosing || this.#connection.isClosed()) throw busError('GH-BUS-CLOSED')
    let refused: Error | undefined
    let isActive = true
    const callback = (error: Error | null, message: Msg): void => {
      if (error !== null) refused = error
      else if (isActive) this.#guard(take, message)
    }
    const subscription = this.#connection.subscribe(subject, queue === undefined ? { callback } : { queue, callback })
    await this.#confirm(subscription)
    if (refused !== undefined) throw busError('GH-BUS-PERMISSION', messageOf(refused), { cause: refused })
    return {
      stop: async () => {
        // What the server had handed to this member before it knew of the end belongs to nobody else: it is still taken.
        if (!this.#connection.isClosed()) await this.#leave(subscription)
        isActive = false
        await running.idle()
      },
    }
  }

  /** What a callback throws would end the client's reading without a word, and nothing would come in any more: it goes where uncaught errors go. */
  #guard(take: (message: Msg) => void, message: Msg): void {
    try {
      take(message)
    } catch (thrown) {
      this.#deps.defer(() => {
        throw thrown
      })
    }
  }

  /** Waits until the server knows of a subscription, or of its end. */
  async #confirm(subscription: Subscription): Promise<void> {
    try {
      await this.#connection.flush()
    } catch (thrown) {
      throw busError('GH-BUS-CLOSED', `${subscription.getSubject()}: ${messageOf(thrown)}`, { cause: thrown })
    }
  }

  /** The client drops at once what comes to a subscription that was ended; `drain` ends it at the server first. */
  async #leave(subscription: Subscription): Promise<void> {
    await subscription.drain().catch(() => undefined)
  }

  #answer(message: Msg, handler: (message: BusMessage) => Promise<Uint8Array> | Uint8Array, running: RunningCalls): void {
    try {
      const answer = handler(toMessage(message))
      if (answer instanceof Uint8Array) {
        this.#respond(message, answer)
        return
      }
      running.enter()
      answer
        .then(
          (data) => this.#respond(message, data),
          (thrown: unknown) => this.#refuse(message, refusalDetail(thrown)),
        )
        .finally(() => running.leave())
    } catch (thrown) {
      this.#refuse(message, refusalDetail(thrown))
    }
  }

  #respond(message: Msg, data: Uint8Array): void {
    if (data.length > this.maxPayloadBytes) this.#refuse(message, 'GH-BUS-TOO-LARGE the answer')
    else if (!this.#connection.isClosed()) message.respond(data)
  }

  #refuse(message: Msg, detail: string): void {
    if (this.#connection.isClosed()) return
    const headers = createHeaders()
    // A line break would end the header; what else is not printable has no place in it either.
    headers.set(REFUSAL_HEADER, detail.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, 500))
    message.respond(EMPTY, { headers })
  }

  #takeReply(message: Msg): void {
    const request = this.#pending.get(Number(message.subject.slice(this.#inbox.length + 1)))
    if (request === undefined) return
    const { headers } = message
    if (headers === undefined) {
      request.settle({ ok: true, data: message.data })
      return
    }
    const refusal = headers.get(REFUSAL_HEADER)
    if (refusal !== '') request.settle({ ok: false, why: 'refused', detail: refusal })
    else if (headers.code === NO_RESPONDERS && message.data.length === 0) {
      request.settle({ ok: false, why: 'no-responder', detail: `GH-BUS-NO-RESPONDER ${request.subject}` })
    } else request.settle({ ok: true, data: message.data })
  }

  async #openKv(bucket: string): Promise<BusKv> {
    if (this.#isClosing || this.#connection.isClosed()) throw busError('GH-BUS-CLOSED')
    requireBucket(bucket)
    requireNatsFeatures(this.#connection.info?.version ?? '0', ['keyValue', 'consumerCreate'])
    try {
      return new NatsKv(await new Kvm(this.#connection).create(bucket, { history: 1, replicas: this.#options.bucketReplicas ?? 1 }))
    } catch (thrown) {
      throw bucketError(bucket, thrown)
    }
  }

  async #followStatus(): Promise<void> {
    for await (const event of this.#connection.status()) {
      if (event.type === 'disconnect') this.#setStatus(false, `lost ${event.server}`)
      else if (event.type === 'reconnect') {
        this.#bufferedBytes = 0
        this.#setStatus(true, event.server)
      } else if (event.type === 'close') this.#setStatus(false, 'closed')
      else if (event.type === 'error') this.#takeError(event.error)
    }
  }

  #takeError(error: Error): void {
    // A denied publish is only reported here; without this its request would wait for its deadline.
    if (error instanceof PermissionViolationError && error.operation === 'publish') {
      this.#pending.settleAll({ ok: false, why: 'refused', detail: `GH-BUS-PERMISSION ${error.subject}` }, error.subject)
    }
  }

  #setStatus(isConnected: boolean, detail: string): void {
    if (this.#status.isConnected === isConnected && this.#status.detail === detail) return
    this.#status = { isConnected, sinceMs: this.#deps.wallMs(), detail }
    for (const listener of this.#statusListeners) listener(this.#status)
  }
}

function toHeaders(headers: BusHeaders): MsgHdrs {
  const made = createHeaders()
  for (const name in headers) made.set(name, headers[name]!)
  return made
}

function toMessage(message: Msg): BusMessage {
  return { subject: message.subject, data: message.data, headers: message.headers === undefined ? undefined : fromHeaders(message.headers) }
}

function fromHeaders(headers: MsgHdrs): BusHeaders {
  const made: Record<string, string> = {}
  for (const name of headers.keys()) made[name] = headers.get(name)
  return made
}

const systemDeps: NatsBusDeps = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer: (run, delayMs) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  defer: (run) => {
    setImmediate(run)
  },
}

/** What stands in the way: something that only the operator of the server can grant, or something that may pass. */
function bucketError(bucket: string, thrown: unknown): Error {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause)
    if (cause instanceof PermissionViolationError) return busError('GH-BUS-PERMISSION', `${bucket}: ${cause.message}`, { cause: thrown })
  return busError('GH-BUS-BUCKET', `${bucket}: ${messageOf(thrown)}`, { cause: thrown })
}

/** A secret that is not there is no server that is away: waiting would not help. */
function requireReadable({ tls, credentialsFile }: NatsBusOptions): void {
  for (const file of [tls?.caFile, tls?.certFile, tls?.keyFile, credentialsFile]) {
    try {
      if (file !== undefined) accessSync(file, constants.R_OK)
    } catch (thrown) {
      throw busError('GH-BUS-FILE', messageOf(thrown), { cause: thrown })
    }
  }
}

/** Connects to NATS. Rejects with GH-BUS-FILE, GH-BUS-CONNECT, GH-BUS-PERMISSION or GH-BUS-SERVER-TOO-OLD; afterwards it reconnects by itself, for ever. */
export async function connectNatsBus(options: NatsBusOptions, deps: Partial<NatsBusDeps> = {}): Promise<Bus> {
  requireReadable(options)
  let connection: NatsConnection
  try {
    connection = await connect(connectionOptions(options))
  } catch (thrown) {
    throw busError('GH-BUS-CONNECT', `${options.servers.join(', ')}: ${messageOf(thrown)}`, { cause: thrown })
  }
  try {
    requireNatsFeatures(connection.info?.version ?? '0', ['headers', 'noResponders'])
    const bus = new NatsBus(connection, options, { ...systemDeps, ...deps })
    await bus.start()
    return bus
  } catch (thrown) {
    await connection.close()
    throw thrown
  }
}

function connectionOptions(options: NatsBusOptions): ConnectionOptions {
  const { tls, credentialsFile, user, password } = options
  return {
    servers: [...options.servers],
    name: options.name,
    timeout: options.connectTimeoutMs ?? 5000,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: reconnectPace({ monotonicMs: () => performance.now(), random: Math.random }, tls === undefined ? 200 : 400),
    // Denied credentials may be put right on the server; giving up would need a restart of every service.
    ignoreAuthErrorAbort: true,
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...(tls === undefined ? {} : { tls }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(credentialsFile === undefined ? {} : { authenticator: credsAuthenticator(readFileSync(credentialsFile)) }),
  }
}
