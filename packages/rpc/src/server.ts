import type { PeerCertificate } from 'node:tls'
import type { DescMethod } from '@bufbuild/protobuf'
import { errorsOf } from '@gatehouse/errors'
import { type Span, silentTracer, type Tracer, traceFacts } from '@gatehouse/telemetry'
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { type Metadata, Server, ServerCredentials } from '@grpc/grpc-js'
import { beginServing, callerTrace } from './call-trace.ts'
import { CHANNEL_OPTIONS } from './channel-options.ts'
import { rpcCodes } from './errors.ts'
import { healthCheckMethod, healthHandler } from './health-service.ts'
import type { CallDefinition, Decoded } from './method-definition.ts'
import { messageOfDecoded, methodDefinition } from './method-definition.ts'
import { ReplaceableCredentials } from './replaceable-credentials.ts'
import type { RpcContext, RpcHandlers, RpcService } from './service-types.ts'
import { statusOf } from './status-mapping.ts'
import type { RpcTarget } from './target.ts'
import { grpcAddress, parseTarget } from './target.ts'
import type { RpcTls } from './tls-files.ts'
import { closeSocketToOthers, prepareSocket } from './unix-socket.ts'

const rpcError = errorsOf(rpcCodes)

export interface RpcLog {
  debug(facts: object, text: string): void
  error(facts: object, text: string): void
}

export interface RpcServerOptions {
  /** `unix:/path` (mode 0600 in a folder 0700) or `host:port`, which demands `tls`. Port 0: the system chooses. */
  readonly listen: string
  readonly tls?: RpcTls
  readonly log: RpcLog
  /** For `grpc.health.v1`; true when not given. */
  readonly isServing?: () => boolean
  /** Absent: calls are not traced. */
  readonly tracer?: Tracer
}

/** One listener with its services. Add the services, then start. */
export interface RpcServer {
  add<S extends RpcService>(service: S, handlers: RpcHandlers<S>): RpcServer
  /** Resolves with the address to connect to; rejects with GH-RPC-LISTEN. */
  start(): Promise<string>
  /** Certificate, key and authority for connections that come from now on; those that are open stay. Nothing to do for a socket. */
  useTls(tls: RpcTls): void
  /** No new calls; running ones may end for at most `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

/** What a call says of itself while it runs. */
interface Telling {
  readonly log: RpcLog
  readonly tracer: Tracer
}

type AnyHandler = (request: unknown, context: RpcContext) => Promise<object> | AsyncIterable<object>
type AnyCall = handleUnaryCall<Decoded, object> | handleServerStreamingCall<Decoded, object> | handleClientStreamingCall<Decoded, object>

/** Throws GH-RPC-ADDRESS for an unusable address, also for a TCP one without certificates. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  const target = parseTarget(options.listen)
  if (target.kind === 'tcp' && options.tls === undefined)
    throw rpcError('GH-RPC-ADDRESS', `'${options.listen}' needs certificates: TCP is served with mutual TLS only`)
  const credentials = target.kind === 'unix' || options.tls === undefined ? undefined : new ReplaceableCredentials(options.tls)
  const server = new Server({ ...CHANNEL_OPTIONS })
  const names = new Set<string>()
  server.addService({ check: healthCheckMethod }, {
    check: healthHandler((name) => names.has(name), options.isServing ?? (() => true)),
  } as UntypedServiceImplementation)
  const self: RpcServer = {
    add(service, handlers) {
      names.add(service.typeName)
      addService(server, service, handlers as Readonly<Record<string, AnyHandler>>, {
        log: options.log,
        tracer: options.tracer ?? silentTracer,
      })
      return self
    },
    start: () => listen(server, target, credentials ?? ServerCredentials.createInsecure()),
    useTls: (tls) => credentials?.replace(tls),
    stop: (graceMs = 2_000) => stop(server, graceMs),
  }
  return self
}

function addService(server: Server, service: RpcService, handlers: Readonly<Record<string, AnyHandler>>, telling: Telling): void {
  const definitions: Record<string, CallDefinition> = {}
  const implementation: Record<string, AnyCall> = {}
  for (const [name, method] of Object.entries(service.method)) {
    // Handlers may be an object with private state, so they are called as its methods.
    const handler = handlers[name]?.bind(handlers)
    if (handler === undefined) continue
    const label = `${service.typeName}/${method.name}`
    definitions[name] = methodDefinition(service, method)
    implementation[name] = handlerOf(method)(label, handler, telling)
  }
  server.addService(definitions, implementation as UntypedServiceImplementation)
}

function handlerOf({ methodKind }: DescMethod): (label: string, handler: AnyHandler, telling: Telling) => AnyCall {
  if (methodKind === 'client_streaming') return requestsHandler
  return methodKind === 'server_streaming' ? streamHandler : unaryHandler
}

function unaryHandler(label: string, handler: AnyHandler, telling: Telling): handleUnaryCall<Decoded, object> {
  return (call, reply) => {
    const { context, span, end } = contextOf(call, label, telling.tracer)
    const run = async (): Promise<object> => (await handler(messageOfDecoded(call.request), context)) as object
    run()
      .then(
        (response) => reply(null, response),
        (thrown: unknown) => reply(report(label, thrown, telling.log, span)),
      )
      .finally(end)
  }
}

/** The caller streams: a handler that is slow to take holds the caller back. */
function requestsHandler(label: string, handler: AnyHandler, telling: Telling): handleClientStreamingCall<Decoded, object> {
  return (call, reply) => {
    const { context, span, end } = contextOf(call, label, telling.tracer)
    const run = async (): Promise<object> => (await handler(requestsOf(call, context.signal), context)) as object
    run()
      .then(
        (response) => reply(null, response),
        (thrown: unknown) => {
          // whatever is still on its way is not waited for
          call.resume()
          reply(report(label, thrown, telling.log, span))
        },
      )
      .finally(end)
  }
}

async function* requestsOf(call: ServerReadableStream<Decoded, object>, signal: AbortSignal): AsyncGenerator<object> {
  const onAbort = (): void => void call.destroy(rpcError('GH-RPC-CANCELLED'))
  signal.addEventListener('abort', onAbort)
  try {
    for await (const request of call) yield messageOfDecoded(request as Decoded)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function streamHandler(label: string, handler: AnyHandler, telling: Telling): handleServerStreamingCall<Decoded, object> {
  return (call) => {
    const { context, span, end } = contextOf(call, label, telling.tracer)
    const run = async (): Promise<void> => {
      for await (const part of handler(messageOfDecoded(call.request), context) as AsyncIterable<object>) {
        if (context.signal.aborted) return
        if (!call.write(part)) await writable(call, context.signal)
      }
    }
    run()
      .then(
        () => call.end(),
        (thrown: unknown) => call.emit('error', Object.assign(new Error(label), report(label, thrown, telling.log, span))),
      )
      .finally(end)
  }
}

/** Resolves when more may be written or nobody listens any more: a slow reader holds the producer back. */
function writable(call: ServerWritableStream<Decoded, object>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    call.once('drain', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

/** What the calls of all kinds have in common. */
interface AnyServerCall extends Pick<ServerUnaryCall<Decoded, object>, 'getAuthContext' | 'getPeer'> {
  readonly metadata: Metadata
  on(event: 'cancelled', listener: () => void): unknown
  off(event: 'cancelled', listener: () => void): unknown
}

function contextOf(call: AnyServerCall, label: string, tracer: Tracer): { context: RpcContext; span: Span | undefined; end: () => void } {
  const abort = new AbortController()
  const onCancelled = (): void => abort.abort()
  call.on('cancelled', onCancelled)
  const theirs = callerTrace(call.metadata)
  const span = beginServing(tracer, label, theirs)
  const caller = callerOf(call.getAuthContext()?.sslPeerCertificate)
  const end = (): void => {
    call.off('cancelled', onCancelled)
    span?.end()
  }
  return { context: { signal: abort.signal, caller, remote: call.getPeer(), trace: span?.context ?? theirs }, span, end }
}

/** Whoever is on the unix socket is `local`; no certificate can be called so. */
function callerOf(certificate: PeerCertificate | undefined): string {
  if (certificate === undefined) return 'local'
  const { subject, subjectaltname = '' } = certificate
  // Node puts quotes around names that hold commas or the like; what stands in them is no name of a host.
  const dnsName = subjectaltname.includes('"') ? undefined : /(?:^|, )DNS:([^,\s]+)/.exec(subjectaltname)?.[1]
  const commonName: unknown = subject?.CN
  const name = typeof commonName === 'string' ? commonName : dnsName
  return name === undefined || name === 'local' ? 'unnamed' : name
}

function report(label: string, thrown: unknown, log: RpcLog, span: Span | undefined): ReturnType<typeof statusOf> {
  const answer = statusOf(thrown)
  const code = answer.metadata.get('gatehouse-code')[0]
  span?.fail(String(code))
  const trace = traceFacts(span)
  if (code === 'GH-RPC-INTERNAL') log.error({ err: thrown, call: label, ...trace }, 'a call failed')
  else log.debug({ code, call: label, ...trace }, 'a call was refused')
  return answer
}

async function listen(server: Server, target: RpcTarget, credentials: ServerCredentials): Promise<string> {
  if (target.kind === 'unix') await prepareSocket(target.path)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(grpcAddress(target), credentials, (cause, bound) => {
      if (cause === null) resolve(bound)
      else reject(rpcError('GH-RPC-LISTEN', `${grpcAddress(target)}: ${cause.message}`, { cause }))
    })
  })
  if (target.kind === 'unix') closeSocketToOthers(target.path)
  return grpcAddress(target.kind === 'unix' ? target : { ...target, port })
}

async function stop(server: Server, graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, graceMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
