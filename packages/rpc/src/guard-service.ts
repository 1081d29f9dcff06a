import type { RpcContext, RpcHandlers, RpcService } from './service-types.ts'

/** How a caller on the unix socket is called: its owner, as nobody else can open it. */
export const LOCAL_CALLER = 'local'

/** Called before each call of a service; throws for a caller who may not make it. */
export type CallCheck<S extends RpcService> = (call: keyof S['method'] & string, context: RpcContext) => void

type Handler = (request: never, context: RpcContext) => Promise<object> | AsyncIterable<object>

/** The same handlers, none of which is reached before `check` has let the caller through. */
export function guardService<S extends RpcService>(service: S, handlers: RpcHandlers<S>, check: CallCheck<S>): RpcHandlers<S> {
  const guarded: Record<string, Handler> = {}
  for (const [name, { methodKind }] of Object.entries(service.method)) {
    const handler = (handlers as Readonly<Record<string, Handler>>)[name]?.bind(handlers)
    if (handler === undefined) continue
    guarded[name] =
      methodKind === 'server_streaming'
        ? (request, context) =>
            guardedStream(
              () => check(name, context),
              () => handler(request, context) as AsyncIterable<object>,
            )
        : async (request, context) => {
            check(name, context)
            return await (handler(request, context) as Promise<object>)
          }
  }
  return guarded as unknown as RpcHandlers<S>
}

async function* guardedStream(check: () => void, open: () => AsyncIterable<object>): AsyncGenerator<object> {
  check()
  yield* open()
}
