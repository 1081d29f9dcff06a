import type { PolicyKind } from '@gatehouse/policy-engine'
import type { KubernetesApi } from './api/api-client.ts'
import { type KindProblem, KindWatch, type KindWatchDeps } from './api/kind-watch.ts'
import type { ClusterObject } from './plan/cluster-object.ts'

export interface ClusterViewDeps extends Omit<KindWatchDeps, 'namespace'> {
  readonly api: KubernetesApi
  readonly kinds: readonly PolicyKind[]
}

/** All objects of the kinds that the cluster owns. */
export class ClusterView {
  readonly #watches: readonly KindWatch[]

  constructor(deps: ClusterViewDeps, namespace: string) {
    this.#watches = deps.kinds.map((kind) => new KindWatch(kind, { ...deps, namespace }))
  }

  start(): void {
    for (const watch of this.#watches) watch.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()))
  }

  /** Every kind was listed: what is not here is not in the cluster. */
  get isComplete(): boolean {
    return this.#watches.every(({ isListed }) => isListed)
  }

  /** Why it is not complete, or not current. */
  get problem(): KindProblem | undefined {
    const problems = this.#watches.flatMap(({ problem }) => problem ?? [])
    return problems.find(({ code }) => code !== 'GH-KUBERNETES-AWAY') ?? problems[0]
  }

  objects(): readonly ClusterObject[] {
    return this.#watches.flatMap((watch) => [...watch.objects()])
  }

  get(kind: PolicyKind, name: string): ClusterObject | undefined {
    return this.#watches.find((watch) => watch.kind === kind)?.get(name)
  }

  /** Lists all of it anew; complete again once that is done. */
  relist(): void {
    for (const watch of this.#watches) watch.relist()
  }

  /** As the API server has it now, past the watches. Rejects with a GH-KUBERNETES code. */
  async listNow(signal: AbortSignal): Promise<readonly ClusterObject[]> {
    return (await Promise.all(this.#watches.map((watch) => watch.listNow(signal)))).flat()
  }
}
