import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Authority } from '@gatehouse/lab'
import { findTool } from '../../peers-kit/find-tool.ts'
import { freePorts } from '../../peers-kit/free-port.ts'
import { type ManagedProcess, startProcess } from '../../peers-kit/managed-process.ts'
import type { PeerRack } from '../../peers-kit/peer-rack.ts'
import type { KubeObject } from './helm.ts'
import { containersOf, podsOf, type RenderedPod } from './pods.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
const CLI = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', join(REPOSITORY, 'apps/gatehouse/src/main.ts')]
/** Every name inside the cluster; this machine is all of them. */
const CLUSTER_NAMES = /\b(?:gh-gatehouse-[a-z0-9-]+\.)+gatehouse\.svc\.cluster\.local\b/g
const PORTS_IN_POD = {
  nats: [4222, 8222, 6222],
  policy: [9443, 9464],
  archive: [9443, 9464],
  'federation-peer': [9443, 9464, 5061, 5062],
} as const

type Component = keyof typeof PORTS_IN_POD

/** Material of one Secret or ConfigMap that the chart does not make: key → content. */
export type Material = Readonly<Record<string, string>>

/**
 * A rendered chart on this machine, without Kubernetes: files lie where pods would have them mounted, below a folder per pod;
 * every container becomes a process. Only folders, host names and ports are written anew.
 */
export class RenderedSite {
  readonly authority = Authority.create({ name: 'Internal' })
  readonly #rack: PeerRack
  readonly #objects: readonly KubeObject[]
  readonly #ports = new Map<string, number>()
  readonly #materials = new Map<string, Material>()

  constructor(rack: PeerRack, objects: readonly KubeObject[]) {
    this.#rack = rack
    this.#objects = objects
    for (const { kind, spec } of objects) {
      // what cert-manager would do
      if (kind !== 'Certificate') continue
      const { secretName, commonName, dnsNames } = spec as { secretName: string; commonName?: string; dnsNames: string[] }
      const issued = this.authority.issue({ dns: dnsNames, ...(commonName === undefined ? {} : { commonName }) })
      this.#materials.set(secretName, {
        'tls.crt': issued.chainPem,
        'tls.key': issued.keyPem,
        'ca.crt': this.authority.certificate.certPem,
      })
    }
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const policyKey = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    this.give('gatehouse-policy-key', {
      'policy.key': policyKey,
      'policy.pub': publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    })
    this.give('gatehouse-archive-key', {
      'archive-signing-key': generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    })
    this.give('gatehouse-address-key', { 'address-hash.key': randomBytes(32).toString('base64') })
    this.give('gatehouse-route-token', { 'route-token': randomBytes(32).toString('base64') })
  }

  /** What an operator would have created. */
  give(name: string, material: Material): void {
    this.#materials.set(name, material)
  }

  async choosePorts(): Promise<void> {
    for (const [component, ports] of Object.entries(PORTS_IN_POD)) {
      const free = await freePorts(ports.length)
      ports.forEach((port, index) => {
        this.#ports.set(`${component}:${port}`, free[index] as number)
      })
    }
  }

  /** Where a port of a pod is on this machine. */
  portOf(component: Component, port: number): number {
    const found = this.#ports.get(`${component}:${port}`)
    if (found === undefined) throw new Error(`${component} has no port ${port}`)
    return found
  }

  /** Starts the container of a component as the chart says it. */
  async start(component: Component, ready: RegExp): Promise<ManagedProcess> {
    const pod = this.#pod(component)
    this.#layOut(pod)
    const args = (containersOf(pod)[0]?.args ?? []).map((arg) => this.#local(arg, pod).replace('$(POD_NAME)', `${component}-7`))
    const command = component === 'nats' ? findTool('nats-server') : process.execPath
    if (command === undefined) throw new Error('nats-server is not installed')
    return this.#rack.add(
      await startProcess({
        name: component,
        command,
        args: component === 'nats' ? args : [...CLI, ...args],
        cwd: this.#folder(pod),
        env: { ...process.env, POD_NAME: `${component}-0` },
        logFile: this.#rack.path(`${component}.log`),
        ready: { line: ready },
        readyTimeoutMs: 60_000,
      }),
    )
  }

  /** The command line of one container of a hook or test, for this machine. */
  commandOf(owner: string, container: string): readonly string[] {
    const pod = podsOf(this.#objects).find((each) => each.owner.metadata.name === owner)
    const found = pod === undefined ? undefined : containersOf(pod).find(({ name }) => name === container)
    if (pod === undefined || found === undefined) throw new Error(`there is no ${owner}/${container}`)
    this.#layOut(pod)
    return (found.args ?? []).map((arg) => this.#local(arg, pod))
  }

  /** How a person with the Secret of a certificate calls a service. */
  tlsOptions(secret: string): readonly string[] {
    const material = this.#materials.get(secret)
    if (material === undefined) throw new Error(`there is no Secret ${secret}`)
    const folder = this.#rack.path(`as-${secret}`)
    writeFiles(folder, material)
    return [`--tls-cert=${folder}/tls.crt`, `--tls-key=${folder}/tls.key`, `--tls-ca=${folder}/ca.crt`]
  }

  get cli(): readonly string[] {
    return CLI
  }

  #pod(component: string): RenderedPod {
    const found = podsOf(this.#objects).find((pod) => pod.component === component)
    if (found === undefined) throw new Error(`the chart has no ${component}`)
    return found
  }

  #folder(pod: RenderedPod): string {
    return this.#rack.path(pod.owner.metadata.name)
  }

  /** Every mount of the pod as a folder. */
  #layOut(pod: RenderedPod): void {
    for (const mount of containersOf(pod).flatMap((each) => each.volumeMounts ?? [])) {
      const place = join(this.#folder(pod), mount.mountPath)
      const volume = (pod.spec.volumes ?? []).find(({ name }) => name === mount.name)
      const name = volume?.secret?.secretName ?? volume?.configMap?.name
      if (name === undefined) {
        mkdirSync(place, { recursive: true })
        continue
      }
      const own = this.#objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data
      const material = own ?? this.#materials.get(name)
      if (material === undefined) throw new Error(`${pod.id} mounts ${name}, which nobody made`)
      const items = volume?.secret?.items
      const files = items === undefined ? material : Object.fromEntries(items.map(({ key, path }) => [path, keyOf(material, key, name)]))
      if (mount.subPath !== undefined) writeFiles(dirname(place), { [mount.subPath]: this.#local(keyOf(files, mount.subPath, name), pod) })
      else writeFiles(place, Object.fromEntries(Object.entries(files).map(([key, text]) => [key, this.#local(text, pod)])))
    }
  }

  /** Paths below the pod's folder, cluster names as localhost, ports as chosen. */
  #local(text: string, pod: RenderedPod): string {
    const folder = this.#folder(pod)
    return text
      .replace(/gh-gatehouse-federation-peer-external\.[a-z.]+:5061/g, () => `localhost:${this.portOf('federation-peer', 5061)}`)
      .replace(/gh-gatehouse-(policy|archive|nats)-?\d?\.[a-z0-9.-]+local:(\d+)/g, (_, component: Component, port: string) => {
        return `localhost:${this.portOf(component, Number(port))}`
      })
      .replace(CLUSTER_NAMES, 'localhost')
      .replace(/(?<![\w.:/-])\/(?:etc|var|run|data|tmp)\b/g, (start) => `${folder}${start}`)
      .replace(/(address: )0\.0\.0\.0(\s+port: )(\d+)/g, (_, before: string, between: string, port: string) => {
        return `${before}127.0.0.1${between}${this.#ownPort(pod, port)}`
      })
      .replace(/0\.0\.0\.0:(\d+)/g, (_, port: string) => `127.0.0.1:${this.#ownPort(pod, port)}`)
  }

  /** A hook reads the files of services and listens nowhere. */
  #ownPort(pod: RenderedPod, port: string): string {
    return pod.isService ? String(this.portOf(pod.component as Component, Number(port))) : port
  }
}

function keyOf(material: Material, key: string, name: string): string {
  const found = material[key]
  if (found === undefined) throw new Error(`${name} has no key ${key}`)
  return found
}

function writeFiles(folder: string, files: Material): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}
