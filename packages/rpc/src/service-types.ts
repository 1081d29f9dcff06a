import type { DescMessage, DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import type { Span, TraceContext } from '@gatehouse/telemetry'

/** A generated service descriptor, with the types of its methods. */
export type RpcService = Omit<DescService, 'method'> & { readonly method: Record<string, DescMethod> }

/** What a handler knows about a call besides the request. */
export interface RpcContext {
  /** Aborted when the caller is gone or the deadline has passed. */
  readonly signal: AbortSignal
  /** Subject common name or first DNS name of the caller's certificate; `local` on a unix socket. */
  readonly caller: string
  /** The remote address, for logs. */
  readonly remote: string
  /** Of a call that belongs to a message that is followed: what to go on from. */
  readonly trace?: TraceContext | undefined
}

export interface CallOptions {
  /** For this call instead of the connection's. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
  /** The call is a stage within it, and the far side goes on from there. */
  readonly span?: Span | undefined
}

type Input<M> = M extends { readonly input: infer I extends DescMessage } ? I : never
type Output<M> = M extends { readonly output: infer O extends DescMessage } ? O : never

/** What a service has to bring for each of its methods. A stream of requests ends when the caller has sent all, and throws when it is gone. */
export type RpcHandlers<S extends RpcService> = {
  readonly [K in keyof S['method']]: S['method'][K] extends { readonly methodKind: 'unary' }
    ? (request: MessageShape<Input<S['method'][K]>>, context: RpcContext) => Promise<MessageInitShape<Output<S['method'][K]>>>
    : S['method'][K] extends { readonly methodKind: 'client_streaming' }
      ? (
          requests: AsyncIterable<MessageShape<Input<S['method'][K]>>>,
          context: RpcContext,
        ) => Promise<MessageInitShape<Output<S['method'][K]>>>
      : (request: MessageShape<Input<S['method'][K]>>, context: RpcContext) => AsyncIterable<MessageInitShape<Output<S['method'][K]>>>
}

/** The same methods as a caller sees them. Failures reject with a GatewayError. */
export type RpcClient<S extends RpcService> = {
  readonly [K in keyof S['method']]: S['method'][K] extends { readonly methodKind: 'unary' }
    ? (request: MessageInitShape<Input<S['method'][K]>>, options?: CallOptions) => Promise<MessageShape<Output<S['method'][K]>>>
    : S['method'][K] extends { readonly methodKind: 'client_streaming' }
      ? (
          requests: AsyncIterable<MessageInitShape<Input<S['method'][K]>>> | Iterable<MessageInitShape<Input<S['method'][K]>>>,
          options?: CallOptions,
        ) => Promise<MessageShape<Output<S['method'][K]>>>
      : (request: MessageInitShape<Input<S['method'][K]>>, options?: CallOptions) => AsyncIterable<MessageShape<Output<S['method'][K]>>>
}
