import { setImmediate } from 'node:timers/promises'
import type { DescMethod } from '@bufbuild/protobuf'
import { errorsOf } from '@gatehouse/errors'
import type { ClientWritableStream, ServiceError } from '@grpc/grpc-js'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { CallTrace } from './call-trace.ts'
import { CHANNEL_OPTIONS } from './channel-options.ts'
import { rpcCodes } from './errors.ts'
import { healthCheckMethod } from './health-service.ts'
import type { CallDefinition, Decoded } from './method-definition.ts'
import { messageOfDecoded, methodDefinition } from './method-definition.ts'
import type { CallOptions, RpcClient, RpcService } from './service-types.ts'
import { errorOfStatus } from './status-mapping.ts'
import { grpcAddress, parseTarget } from './target.ts'
import type { RpcTls } from './tls-files.ts'

const rpcError = errorsOf(rpcCodes)

export interface RpcConnectOptions {
  /** Demanded for `host:port`. */
  readonly tls?: RpcTls
  /** Longest time for a unary call and, for a stream, until its end. Default 10 s. */
  readonly deadlineMs?: number
}

/** One connection to a service, made when first needed and kept. */
export interface RpcConnection {
  /** The calls of one service; cheap. */
  client<S extends RpcService>(service: S): RpcClient<S>
  /** `grpc.health.v1`: true when the server (or that service of it) serves. Rejects when it cannot be reached. */
  isServing(service?: string): Promise<boolean>
  close(): void
}

const DEFAULT_DEADLINE_MS = 10_000

/** Throws GH-RPC-ADDRESS for an unusable target; nothing is sent yet. */
export function connectRpc(targetText: string, options: RpcConnectOptions = {}): RpcConnection {
  const target = parseTarget(targetText)
  if (target.kind === 'tcp' && options.tls === undefined)
    throw rpcError('GH-RPC-ADDRESS', `'${targetText}' needs certificates: TCP is spoken with mutual TLS only`)
  const { tls } = options
  const channelCredentials =
    target.kind === 'unix' || tls === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(Buffer.from(tls.caPem), Buffer.from(tls.keyPem), Buffer.from(tls.certPem))
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS
  // The authority of a unix socket would be its path, which is not a legal one.
  const authority = target.kind === 'unix' ? { 'grpc.default_authority': 'localhost' } : {}
  const client = new Client(grpcAddress(target), channelCredentials, { ...CHANNEL_OPTIONS, ...authority })
  return {
    client: <S extends RpcService>(service: S) => {
      const calls: Record<string, unknown> = {}
      for (const [name, method] of Object.entries(service.method)) calls[name] = callOf(client, service, method, deadlineMs)
      return calls as RpcClient<S>
    },
    isServing: (service = '') => checkHealth(client, service, deadlineMs),
    close: () => client.close(),
  }
}

function callOf(client: Client, service: RpcService, method: DescMethod, deadlineMs: number): unknown {
  const definition = methodDefinition(service, method)
  if (method.methodKind === 'client_streaming') {
    return (requests: AsyncIterable<object>, options?: CallOptions) => callRequests(client, definition, requests, deadlineMs, options)
  }
  return method.methodKind === 'server_streaming'
    ? (request: object, options?: CallOptions) => callStream(client, definition, request, deadlineMs, options)
    : (request: object, options?: CallOptions) => callUnary(client, definition, request, deadlineMs, options)
}

function callUnary(
  client: Client,
  definition: CallDefinition,
  request: object,
  deadlineMs: number,
  options: CallOptions = {},
): Promise<object> {
  return new Promise((resolve, reject) => {
    const trace = new CallTrace(options.span, definition.path)
    const takeAnswer = answerTaker(trace, resolve, reject)
    const call = client.makeUnaryRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      request,
      trace.metadata,
      { deadline: Date.now() + (options.deadlineMs ?? deadlineMs) },
      (error: ServiceError | null, response?: Decoded) => {
        release()
        takeAnswer(error, response)
      },
    )
    const release = cancelWith(options.signal, call)
  })
}

/** Sends as fast as the other side takes; ends early when it answers early. */
function callRequests(
  client: Client,
  definition: CallDefinition,
  requests: AsyncIterable<object> | Iterable<object>,
  deadlineMs: number,
  options: CallOptions = {},
): Promise<object> {
  return new Promise((resolve, reject) => {
    const over = new AbortController()
    const trace = new CallTrace(options.span, definition.path)
    const takeAnswer = answerTaker(trace, resolve, reject)
    const call = client.makeClientStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      trace.metadata,
      { deadline: Date.now() + (options.deadlineMs ?? deadlineMs) },
      (error: ServiceError | null, response?: Decoded) => {
        over.abort()
        release()
        takeAnswer(error, response)
      },
    )
    const release = cancelWith(options.signal, call)
    sendAll(call, requests, over.signal).catch((failure: unknown) => {
      reject(failure as Error)
      call.cancel()
    })
  })
}

async function sendAll(
  call: ClientWritableStream<object>,
  requests: AsyncIterable<object> | Iterable<object>,
  over: AbortSignal,
): Promise<void> {
  for await (const request of requests) {
    if (over.aborted) return
    if (!call.write(request)) await writable(call, over)
    // a source that never waits must not keep an early answer from being read
    await setImmediate()
  }
  if (!over.aborted) call.end()
}

function writable(call: ClientWritableStream<object>, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done)
      over.removeEventListener('abort', done)
      resolve()
    }
    call.once('drain', done)
    over.addEventListener('abort', done)
    if (over.aborted) done()
  })
}

async function* callStream(
  client: Client,
  definition: CallDefinition,
  request: object,
  deadlineMs: number,
  options: CallOptions = {},
): AsyncGenerator<object> {
  const trace = new CallTrace(options.span, definition.path)
  const call = client.makeServerStreamRequest(
    definition.path,
    definition.requestSerialize,
    definition.responseDeserialize,
    request,
    trace.metadata,
    { deadline: Date.now() + (options.deadlineMs ?? deadlineMs) },
  )
  const release = cancelWith(options.signal, call)
  let isFinished = false
  try {
    for await (const part of call) yield messageOfDecoded(part as Decoded)
    isFinished = true
    trace.end()
  } catch (failure) {
    isFinished = true
    throw endFailed(trace, failure)
  } finally {
    release()
    if (!isFinished) {
      // The reader stopped early: the producer must not go on for nobody. The status of a cancelled call is no news.
      call.on('error', () => {})
      call.cancel()
      trace.end()
    }
  }
}

/** What a call with one answer does when that comes: the trace ends, and the promise with it. */
function answerTaker(
  trace: CallTrace,
  resolve: (message: object) => void,
  reject: (error: Error) => void,
): (error: ServiceError | null, response?: Decoded) => void {
  return (error, response) => {
    if (error !== null || response === undefined) return reject(endFailed(trace, error))
    trace.end()
    try {
      resolve(messageOfDecoded(response))
    } catch (failure) {
      reject(failure as Error)
    }
  }
}

/** The call is cancelled when the signal says so, even if it has already; the function given ends that. */
function cancelWith(signal: AbortSignal | undefined, call: { cancel(): void }): () => void {
  const cancel = (): void => call.cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted === true) cancel()
  return () => signal?.removeEventListener('abort', cancel)
}

function endFailed(trace: CallTrace, failure: unknown): Error {
  const error = errorOfStatus(failure)
  trace.end(error.code)
  return error
}

function checkHealth(client: Client, service: string, deadlineMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      healthCheckMethod.path,
      healthCheckMethod.requestSerialize,
      healthCheckMethod.responseDeserialize,
      { service },
      new Metadata(),
      { deadline: Date.now() + deadlineMs },
      (error, value) => (error === null ? resolve(value === 1) : reject(errorOfStatus(error))),
    )
  })
}
