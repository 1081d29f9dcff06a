import { messageOf } from '@gatehouse/errors'
import { KUBERNETES_GROUP, KUBERNETES_VERSION, resourceNames } from '@gatehouse/policy-document'
import type { Logger } from '@gatehouse/telemetry'
import type { KubernetesApi } from './api/api-client.ts'
import type { ClusterObject, ClusterStatus } from './plan/cluster-object.ts'

export interface StatusUpdate {
  readonly object: ClusterObject
  readonly status: ClusterStatus
}

/** More at once would only queue at the API server. */
const CONCURRENT = 4
const MAX_ANSWER_BYTES = 4 * 1_048_576

/** Writes statuses. What cannot be written now is compared, and written, at the next pass. */
export class StatusWriter {
  readonly #api: KubernetesApi
  readonly #namespace: string
  readonly #log: Logger

  constructor(api: KubernetesApi, namespace: string, log: Logger) {
    this.#api = api
    this.#namespace = namespace
    this.#log = log
  }

  /** How many could not be written. Never rejects. */
  async write(updates: readonly StatusUpdate[], signal: AbortSignal): Promise<number> {
    const left = [...updates]
    let failed = 0
    const work = async (): Promise<void> => {
      for (let update = left.shift(); update !== undefined && !signal.aborted; update = left.shift()) {
        if (!(await this.#writeOne(update, signal))) failed += 1
      }
    }
    await Promise.all(Array.from({ length: CONCURRENT }, work))
    return failed
  }

  async #writeOne({ object, status }: StatusUpdate, signal: AbortSignal): Promise<boolean> {
    const { plural } = resourceNames[object.kind]
    const path = `/apis/${KUBERNETES_GROUP}/${KUBERNETES_VERSION}/namespaces/${this.#namespace}/${plural}/${object.name}/status`
    // a merge patch takes null for a key that is to go
    const body = { status: { ...status, revision: status.revision ?? null } }
    try {
      const answer = await this.#api.call({ method: 'PATCH', path, body, signal, maxBytes: MAX_ANSWER_BYTES })
      // gone meanwhile: there is nothing to say about it
      if (answer.status === 200 || answer.status === 404) return true
      this.#log.warn({ object: `${object.kind}/${object.name}`, status: answer.status }, 'the status of a policy object was not taken')
    } catch (thrown) {
      if (!signal.aborted)
        this.#log.warn(
          { object: `${object.kind}/${object.name}`, detail: messageOf(thrown) },
          'the status of a policy object was not written',
        )
    }
    return false
  }
}
