import { GatewayError, messageOf } from '@gatehouse/errors'
import { KUBERNETES_GROUP, KUBERNETES_VERSION, resourceNames } from '@gatehouse/policy-document'
import type { PolicyKind } from '@gatehouse/policy-engine'
import { type KubernetesCode, kubernetesError } from '../kubernetes-codes.ts'
import { type ClusterObject, member, readClusterObject } from '../plan/cluster-object.ts'
import type { ApiAnswer, KubernetesApi } from './api-client.ts'

export interface KindWatchDeps {
  readonly api: KubernetesApi
  readonly namespace: string
  readonly maxObjects: number
  /** From 0 to below 1. */
  readonly random: () => number
  /** Resolves after that time, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** The objects, or whether they can be told, are others now. `isContent`: not only a status or a problem. */
  readonly onChange: (isContent: boolean) => void
}

/** Why a kind cannot be told at the moment. */
export interface KindProblem {
  readonly code: KubernetesCode
  readonly detail: string
}

const PAGE = 250
const MAX_PAGE_BYTES = 16 * 1_048_576
/** All objects of one kind together, as JSON. */
const MAX_KIND_BYTES = 96 * 1_048_576
const FIRST_PAUSE_MS = 200
const MAX_PAUSE_MS = 10_000
/** Servers end a watch after the time asked for; watches that began together are to end at different times. */
const WATCH_S = 240
const WATCH_SPREAD_S = 60
const GRACE_MS = 30_000

/**
 * All objects of one kind in the namespace, kept current: listed, then watched from there. A broken watch goes on where it was; when the
 * server no longer knows that place (410 Gone), or says anything else that cannot be gone on from, it begins with a list again.
 */
export class KindWatch {
  readonly kind: PolicyKind
  readonly #deps: KindWatchDeps
  readonly #abort = new AbortController()
  #objects = new Map<string, ClusterObject>()
  #resourceVersion: string | undefined
  #isListed = false
  #problem: KindProblem | undefined
  #running: Promise<void> = Promise.resolve()
  /** Ends the call that is under way, so that the loop begins anew. */
  #round = new AbortController()

  constructor(kind: PolicyKind, deps: KindWatchDeps) {
    this.kind = kind
    this.#deps = deps
  }

  /** False until a whole list was read: what is not known is not nothing. */
  get isListed(): boolean {
    return this.#isListed
  }

  get problem(): KindProblem | undefined {
    return this.#problem
  }

  objects(): IterableIterator<ClusterObject> {
    return this.#objects.values()
  }

  get(name: string): ClusterObject | undefined {
    return this.#objects.get(name)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#running
  }

  /** Begins with a list again: for whoever is about to act on what a quiet watch may have missed. */
  relist(): void {
    this.#isListed = false
    this.#resourceVersion = undefined
    this.#round.abort()
  }

  /** The objects as the API server has them now, past the watch. Rejects with a GH-KUBERNETES code. */
  async listNow(signal: AbortSignal): Promise<readonly ClusterObject[]> {
    return [...(await this.#list(signal)).objects.values()]
  }

  async #run(): Promise<void> {
    const { pause, random } = this.#deps
    for (let pauseMs = FIRST_PAUSE_MS; !this.#abort.signal.aborted; ) {
      this.#round = new AbortController()
      const signal = AbortSignal.any([this.#abort.signal, this.#round.signal])
      try {
        await this.#listThenWatch(signal)
        pauseMs = FIRST_PAUSE_MS
        // a server that ends each watch at once is not to be asked without end
        await pause(FIRST_PAUSE_MS * random(), this.#abort.signal)
      } catch (thrown) {
        if (this.#abort.signal.aborted) return
        if (this.#round.signal.aborted || isGone(thrown)) continue
        this.#setProblem(problemOf(thrown))
        // half of the pause is left to chance, so that replicas that lost the server together do not come back together
        await pause(pauseMs * (0.5 + random() / 2), signal)
        pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)
      }
    }
  }

  async #listThenWatch(signal: AbortSignal): Promise<void> {
    if (this.#resourceVersion === undefined) {
      const { objects, resourceVersion } = await this.#list(signal)
      signal.throwIfAborted()
      this.#objects = objects
      this.#resourceVersion = resourceVersion
      this.#isListed = true
      this.#problem = undefined
      this.#deps.onChange(true)
    }
    await this.#watch(this.#resourceVersion, signal)
  }

  async #list(signal: AbortSignal): Promise<{ objects: Map<string, ClusterObject>; resourceVersion: string }> {
    const objects = new Map<string, ClusterObject>()
    let bytes = 0
    let limit = PAGE
    for (let from = ''; ; ) {
      const query = `limit=${limit}${from === '' ? '' : `&continue=${encodeURIComponent(from)}`}`
      const answer = await this.#deps.api.call({ method: 'GET', path: `${this.#path()}?${query}`, signal, maxBytes: MAX_PAGE_BYTES })
      if (answer.status === 200 && answer.body === undefined && limit > 1) {
        // objects of a megabyte each: fewer at a time
        limit = Math.max(1, limit >> 3)
        continue
      }
      const list = this.#requireList(answer)
      bytes += answer.sizeBytes
      for (const item of list.items) {
        const object = readClusterObject(this.kind, item)
        if (object === undefined) throw kubernetesError('GH-KUBERNETES-ANSWER', `A list of ${this.kind} holds something without a name.`)
        objects.set(object.name, object)
      }
      this.#requireRoom(objects.size, bytes)
      if (list.next === '') return { objects, resourceVersion: list.resourceVersion }
      from = list.next
    }
  }

  #requireList({ status, body }: ApiAnswer): { items: readonly unknown[]; next: string; resourceVersion: string } {
    if (status !== 200 || body === undefined) throw refusal(this.kind, status, body)
    const items = member(body, 'items')
    const metadata = member(body, 'metadata')
    const resourceVersion = member(metadata, 'resourceVersion')
    const next = member(metadata, 'continue') ?? ''
    if (!Array.isArray(items) || typeof resourceVersion !== 'string' || typeof next !== 'string') {
      throw kubernetesError('GH-KUBERNETES-ANSWER', `No list of ${this.kind}.`)
    }
    return { items, next, resourceVersion }
  }

  #requireRoom(count: number, bytes: number): void {
    const { maxObjects } = this.#deps
    if (count > maxObjects) throw kubernetesError('GH-KUBERNETES-SIZE', `More than ${maxObjects} objects of kind ${this.kind}.`)
    if (bytes > MAX_KIND_BYTES) throw kubernetesError('GH-KUBERNETES-SIZE', `More than ${MAX_KIND_BYTES} bytes of kind ${this.kind}.`)
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const seconds = WATCH_S + Math.floor(this.#deps.random() * WATCH_SPREAD_S)
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=${encodeURIComponent(from)}`
    // an event that cannot be taken must end the watch, and a callback cannot
    let broken: unknown
    const own = new AbortController()
    const onEvent = (event: unknown): void => {
      if (broken !== undefined) return
      try {
        this.#take(event)
      } catch (thrown) {
        broken = thrown
        own.abort()
      }
    }
    const path = `${this.#path()}?${query}`
    const onOpen = (): void => {
      if (this.#problem === undefined) return
      this.#problem = undefined
      this.#deps.onChange(false)
    }
    const silenceMs = seconds * 1000 + GRACE_MS
    try {
      const answer = await this.#deps.api.watch({ path, signal: AbortSignal.any([signal, own.signal]), onOpen, onEvent, silenceMs })
      if (broken !== undefined) throw broken
      if (answer !== undefined) throw refusal(this.kind, answer.status, answer.body)
    } catch (thrown) {
      this.#forgetPlaceIfGone(broken ?? thrown)
      throw broken ?? thrown
    }
  }

  #take(event: unknown): void {
    const type = member(event, 'type')
    const value = member(event, 'object')
    if (type === 'ERROR') throw refusal(this.kind, Number(member(value, 'code') ?? 0), value)
    const object = readClusterObject(this.kind, value)
    if (type === 'BOOKMARK') {
      const place = member(member(value, 'metadata'), 'resourceVersion')
      if (typeof place === 'string') this.#resourceVersion = place
      return
    }
    if (object === undefined || (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED')) {
      throw kubernetesError('GH-KUBERNETES-ANSWER', `An event of ${this.kind} is none.`)
    }
    const before = this.#objects.get(object.name)
    if (type === 'DELETED') this.#objects.delete(object.name)
    else {
      this.#requireRoom(this.#objects.size + (before === undefined ? 1 : 0), 0)
      this.#objects.set(object.name, object)
    }
    this.#resourceVersion = object.resourceVersion
    this.#deps.onChange(type !== 'MODIFIED' || before?.generation !== object.generation)
  }

  /** After a server that is away the place still holds; after anything else it is not to be trusted. */
  #forgetPlaceIfGone(thrown: unknown): void {
    if (thrown instanceof GatewayError && thrown.code === 'GH-KUBERNETES-AWAY') return
    this.#resourceVersion = undefined
  }

  #setProblem(problem: KindProblem): void {
    this.#problem = problem
    // a kind that is gone, or no longer readable, is not an empty one
    if (problem.code !== 'GH-KUBERNETES-AWAY') this.#isListed = false
    this.#deps.onChange(false)
  }

  #path(): string {
    return `/apis/${KUBERNETES_GROUP}/${KUBERNETES_VERSION}/namespaces/${this.#deps.namespace}/${resourceNames[this.kind].plural}`
  }
}

/** What an answer that was not asked for means. */
function refusal(kind: PolicyKind, status: number, body: unknown): GatewayError {
  const said = member(body, 'message')
  const detail = `${kind}: ${status}${typeof said === 'string' ? `, ${said.slice(0, 300)}` : ''}`
  if (status === 401 || status === 403) return kubernetesError('GH-KUBERNETES-FORBIDDEN', detail)
  if (status === 404) return kubernetesError('GH-KUBERNETES-NO-KIND', detail)
  if (status === 200) return kubernetesError('GH-KUBERNETES-SIZE', `${kind}: one object is larger than ${MAX_PAGE_BYTES} bytes.`)
  if (status === 429 || status >= 500) return kubernetesError('GH-KUBERNETES-AWAY', detail)
  return kubernetesError('GH-KUBERNETES-ANSWER', detail, { facts: { status } })
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof GatewayError && thrown.facts['status'] === 410
}

function problemOf(thrown: unknown): KindProblem {
  if (thrown instanceof GatewayError) return { code: thrown.code as KubernetesCode, detail: thrown.message }
  return { code: 'GH-KUBERNETES-ANSWER', detail: messageOf(thrown) }
}
