import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { findTool } from '../../peers-kit/find-tool.ts'

export const CHART: string = join(import.meta.dirname, '../../../charts/gatehouse')
const EXAMPLES = join(CHART, 'examples')
const NAMESPACE = 'gatehouse'
const RELEASE = 'gh'
/** Helm itself cannot know the cluster's version when it renders without one. */
const KUBERNETES = '1.37.0'

/** Any object of Kubernetes, as far as these tests look at it. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, string>>
}

export type HelmName = 'helm4' | 'helm3'

/** Names of the files in `examples/`, without `.yaml`. */
export const examples: readonly string[] = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length))
  .sort()

export function exampleFile(name: string): string {
  return join(EXAMPLES, `${name}.yaml`)
}

export interface ToolRun {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs one of the tools of test-integration/install/helm.sh to its end. */
export function runTool(name: string, args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): ToolRun {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`${name} is not installed`)
  const run = spawnSync(tool, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
    env: { ...process.env, ...env },
  })
  return { status: run.status, out: run.stdout, err: run.stderr }
}

export interface RenderOptions {
  readonly helm?: HelmName
  /** Another copy of the chart. */
  readonly chart?: string
  readonly set?: readonly string[]
  readonly release?: string
  readonly isUpgrade?: boolean
}

/** `helm template` with one example; its text, or what Helm refused it with. */
export function helmTemplate(example: string | undefined, options: RenderOptions = {}): ToolRun {
  const { helm = 'helm4', chart = CHART, set = [], release = RELEASE, isUpgrade = false } = options
  const values = example === undefined ? [] : ['--values', exampleFile(example)]
  const sets = set.flatMap((each) => ['--set', each])
  return runTool(helm, [
    'template',
    release,
    chart,
    '--namespace',
    NAMESPACE,
    '--kube-version',
    KUBERNETES,
    ...values,
    ...sets,
    ...(isUpgrade ? ['--is-upgrade'] : []),
  ])
}

const rendered = new Map<string, readonly KubeObject[]>()

/** The objects of one example; rendered once per set of options. Throws what Helm says. */
export function objectsOf(example: string, options: RenderOptions = {}): readonly KubeObject[] {
  const key = JSON.stringify([example, options])
  const known = rendered.get(key)
  if (known !== undefined) return known
  const run = helmTemplate(example, options)
  if (run.status !== 0) throw new Error(`helm template with ${example}: ${run.err}`)
  const objects = parseObjects(run.out)
  rendered.set(key, objects)
  return objects
}

/** Documents of a rendered text; a key that stands twice in a map is an error here, as it is for Kubernetes. */
export function parseObjects(text: string): readonly KubeObject[] {
  return parseAllDocuments(text, { uniqueKeys: true, version: '1.1' }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    const value = document.toJS() as KubeObject | null
    return value === null ? [] : [value]
  })
}

/** `kind/name`, for messages and comparisons. */
export function idOf(object: KubeObject): string {
  return `${object.kind}/${object.metadata.name}`
}
