import type { InspectorCall } from '@gatehouse/im-model'
import { InspectorService } from '@gatehouse/proto'
import { connectRpc, type RpcConnection, type RpcTls } from '@gatehouse/rpc'
import type { Span } from '@gatehouse/telemetry'
import type { InspectAnswer, InspectQuestion } from './inspect-message.ts'

/** Targets remembered at once; policy names few. */
const MAX_CONNECTIONS = 64

/** Connections to inspectors, made when first needed and kept. */
export class InspectorCalls {
  readonly #tls: RpcTls | undefined
  readonly #connections = new Map<string, RpcConnection>()

  constructor(tls: RpcTls | undefined) {
    this.#tls = tls
  }

  /** Rejects with the reason when the service cannot be reached or the deadline passes. */
  async ask(call: InspectorCall, question: InspectQuestion, span?: Span): Promise<InspectAnswer> {
    return await this.#to(call.target).client(InspectorService).inspect(question, { deadlineMs: call.deadlineMs, span })
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close()
    this.#connections.clear()
  }

  #to(target: string): RpcConnection {
    const present = this.#connections.get(target)
    if (present !== undefined) return present
    if (this.#connections.size >= MAX_CONNECTIONS) this.close()
    const connection = connectRpc(target, this.#tls === undefined ? {} : { tls: this.#tls })
    this.#connections.set(target, connection)
    return connection
  }
}
