import type { KubeObject } from './helm.ts'
import type { Container, RenderedPod } from './pods.ts'

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
}

interface Peer {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}

interface Rule {
  readonly ports?: readonly { readonly port?: number | string }[]
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
}

interface PolicySpec {
  readonly podSelector: Selector
  readonly policyTypes?: readonly string[]
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

/** Network policies of a rendered chart, asked who reaches whom: the meaning of networking.k8s.io/v1, for pods of one namespace. */
export class Reach {
  readonly #policies: readonly PolicySpec[]

  constructor(objects: readonly KubeObject[]) {
    this.#policies = objects.filter((object) => object.kind === 'NetworkPolicy').map((object) => object.spec as unknown as PolicySpec)
  }

  /** Whether a pod is isolated in both directions: without that, rules mean nothing. */
  isIsolated(pod: RenderedPod): boolean {
    return ['Ingress', 'Egress'].every((type) => this.#of(pod, type).length > 0)
  }

  /** From one pod of the release to a port of another. */
  mayReach(from: RenderedPod, to: RenderedPod, port: number): boolean {
    const out = this.#of(from, 'Egress').some((policy) =>
      (policy.egress ?? []).some(
        (rule) => hasPort(rule, port, to) && (rule.to === undefined || rule.to.some((peer) => meansPod(peer, to))),
      ),
    )
    const into = this.#of(to, 'Ingress').some((policy) =>
      (policy.ingress ?? []).some(
        (rule) => hasPort(rule, port, to) && (rule.from === undefined || rule.from.some((peer) => meansPod(peer, from))),
      ),
    )
    return out && into
  }

  /** Whether a pod may dial an IPv4 address that no pod of the release has. */
  mayLeave(from: RenderedPod, address: string, port: number): boolean {
    return this.#of(from, 'Egress').some((policy) =>
      (policy.egress ?? []).some(
        (rule) => hasPort(rule, port, undefined) && (rule.to === undefined || rule.to.some((peer) => meansAddress(peer, address))),
      ),
    )
  }

  #of(pod: RenderedPod, type: string): readonly PolicySpec[] {
    return this.#policies.filter((policy) => (policy.policyTypes ?? []).includes(type) && matches(policy.podSelector, pod.labels))
  }
}

function matches(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
}

/** A pod of the release's own namespace: a selector of namespaces means others, but for the empty one. */
function meansPod(peer: Peer, pod: RenderedPod): boolean {
  if (peer.ipBlock !== undefined) return false
  if (peer.namespaceSelector !== undefined && Object.keys(peer.namespaceSelector.matchLabels ?? {}).length > 0) return false
  return peer.podSelector === undefined || matches(peer.podSelector, pod.labels)
}

function meansAddress(peer: Peer, address: string): boolean {
  const block = peer.ipBlock
  if (block === undefined || block.cidr.includes(':')) return false
  return isWithin(address, block.cidr) && !(block.except ?? []).some((cidr) => isWithin(address, cidr))
}

function hasPort(rule: Rule, port: number, target: RenderedPod | undefined): boolean {
  if (rule.ports === undefined) return true
  return rule.ports.some((each) => each.port === port || (target !== undefined && numberOf(each.port, target) === port))
}

function numberOf(port: number | string | undefined, pod: RenderedPod): number | undefined {
  if (typeof port !== 'string') return port
  return pod.spec.containers.flatMap((container: Container) => container.ports ?? []).find((each) => each.name === port)?.containerPort
}

function isWithin(address: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  return Math.floor(ipNumber(address) / size) === Math.floor(ipNumber(base) / size)
}

function ipNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}
