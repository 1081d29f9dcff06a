import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Bus } from '@gatehouse/bus'
import { messageOf } from '@gatehouse/errors'
import type { Health, Logger } from '@gatehouse/telemetry'
import type { PolicyBook } from '../apply/policy-book.ts'
import type { ReplicaWatch } from '../serve/replica-watch.ts'
import { ActingLease } from './acting-lease.ts'
import { ApiClient } from './api/api-client.ts'
import { CredentialReader } from './api/credentials.ts'
import { ClusterView } from './cluster-view.ts'
import { Controller } from './controller.ts'
import { kubernetesError } from './kubernetes-codes.ts'
import { type KubernetesConfig, SERVICE_ACCOUNT_NAMESPACE_FILE } from './kubernetes-config.ts'
import { ObjectReader } from './plan/object-reader.ts'
import { StatusWriter } from './status-writer.ts'
import { Reviewer } from './webhook/reviewer.ts'
import { WebhookServer } from './webhook/webhook-server.ts'

export interface KubernetesPartDeps {
  readonly config: KubernetesConfig
  readonly bus: Bus
  readonly book: PolicyBook
  readonly replicas: ReplicaWatch
  readonly log: Logger
  readonly publish: () => Promise<void>
  readonly nowMs: () => number
  readonly every: (ms: number, run: () => void) => () => void
}

/** Entries expire, and what was missed is seen. */
const SWEEP_MS = 30_000

/** Everything about Kubernetes in the policy service: objects in, revisions out, statuses and reviews back. Nothing runs before `start`. */
export class KubernetesPart {
  readonly #deps: KubernetesPartDeps
  readonly #api: ApiClient
  readonly #lease: ActingLease
  readonly #stoppers: (() => void)[] = []
  #view: ClusterView | undefined
  #controller: Controller | undefined
  #webhook: WebhookServer | undefined

  constructor(deps: KubernetesPartDeps) {
    const { config, bus, every } = deps
    const elapsedMs = (): number => performance.now()
    this.#deps = deps
    this.#api = new ApiClient(config.server, new CredentialReader(config, elapsedMs))
    this.#lease = new ActingLease({
      bus,
      holder: randomUUID(),
      elapsedMs,
      every,
      // what a quiet watch may have missed must not be undone by who comes after
      onGained: () => this.#view?.relist(),
    })
  }

  /** Does not wait for the API server. Rejects with GH-KUBERNETES-FILE or -LISTEN. */
  async start(): Promise<void> {
    const { config, book, every, nowMs } = this.#deps
    const namespace = config.namespace ?? (await namespaceOfPod())
    const ownedKinds = new Set(config.kinds)
    const reader = new ObjectReader()
    const view = new ClusterView(
      {
        api: this.#api,
        kinds: [...ownedKinds],
        maxObjects: config.maxObjects,
        random: Math.random,
        pause: (ms, signal) => setTimeout(ms, undefined, { signal, ref: false }).catch(() => undefined),
        onChange: (isContent) => this.#controller?.wake(isContent),
      },
      namespace,
    )
    this.#view = view
    this.#controller = new Controller({
      ...this.#deps,
      reader,
      view,
      lease: this.#lease,
      writer: new StatusWriter(this.#api, namespace, this.#deps.log),
      namespace,
      ownedKinds,
      after: (ms, run) => {
        const timer = globalThis.setTimeout(run, ms)
        timer.unref()
        return () => clearTimeout(timer)
      },
    })
    await this.#startWebhook(new Reviewer({ view, reader, inForce: () => book.document().objects, namespace, ownedKinds, nowMs }))
    await this.#lease.start()
    view.start()
    this.#stoppers.push(every(SWEEP_MS, () => this.wake()))
    this.wake()
  }

  async stop(): Promise<void> {
    for (const stop of this.#stoppers) stop()
    await this.#webhook?.stop()
    await this.#controller?.stop()
    await this.#view?.stop()
    await this.#lease.stop()
    this.#api.close()
  }

  /** What replicas report has changed, or time has passed. */
  wake(): void {
    this.#controller?.wake(false)
  }

  checks(): Health['checks'] {
    const problem = this.#problemNow()
    const objects = this.#view?.objects().length ?? 0
    const acts = this.#lease.isHeld ? 'this replica acts' : 'another replica acts'
    return [{ name: 'kubernetes', isOk: problem === undefined, detail: problem ?? `${objects} policy objects in the cluster; ${acts}` }]
  }

  #problemNow(): string | undefined {
    const kind = this.#view?.problem
    if (kind !== undefined) return `${kind.code}: ${kind.detail}`
    if (this.#view?.isComplete !== true) return 'the cluster has not been read yet'
    return (this.#lease.isHeld ? this.#controller?.problem : undefined) ?? this.#webhook?.problem
  }

  async #startWebhook(reviewer: Reviewer): Promise<void> {
    const { config, log, every } = this.#deps
    if (config.webhook === undefined) return
    this.#webhook = new WebhookServer({ ...config.webhook, review: (review, signal) => reviewer.review(review, signal), log, every })
    const port = await this.#webhook.start()
    log.info({ address: config.webhook.address, port }, 'the admission webhook listens')
  }
}

async function namespaceOfPod(): Promise<string> {
  try {
    return (await readFile(SERVICE_ACCOUNT_NAMESPACE_FILE, 'utf8')).trim()
  } catch (cause) {
    throw kubernetesError('GH-KUBERNETES-FILE', `policy.kubernetes.namespace is not set, and ${messageOf(cause)}`, { cause })
  }
}
