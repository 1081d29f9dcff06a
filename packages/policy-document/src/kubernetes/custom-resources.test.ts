import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { parsePolicy } from '../parse-policy.ts'
import { policyKindNames, policyKinds } from '../policy-kinds.ts'
import { readObject } from '../read-object.ts'
import { customResourceOf, exportCustomResources } from './custom-resource.ts'
import { controllerRules, customResourceFiles } from './custom-resources.ts'
import { resourceNames } from './resource-names.ts'
import { structuralSchema } from './structural-schema.ts'

/** What an API server takes in a structural schema, as far as we write it. */
const ALLOWED = new Set([
  'type',
  'description',
  'properties',
  'required',
  'items',
  'enum',
  'format',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
])

interface SchemaNode {
  readonly type: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
}

function nodesOf(node: SchemaNode, path: string): { readonly path: string; readonly node: SchemaNode }[] {
  const children = Object.entries(node.properties ?? {}).flatMap(([key, child]) => nodesOf(child, `${path}.${key}`))
  return [{ path, node }, ...children, ...(node.items === undefined ? [] : nodesOf(node.items, `${path}[]`))]
}

describe('custom resource definitions', () => {
  const files = [...customResourceFiles()].map(([name, text]) => ({ name, text, definition: parse(text) }))

  it('are there for every kind, each with names of its own', () => {
    assert.deepEqual(
      files.map(({ definition }) => definition.spec.names.kind),
      policyKindNames,
    )
    const words = policyKindNames.flatMap((kind) => [resourceNames[kind].plural, ...resourceNames[kind].shortNames])
    assert.equal(new Set(words).size, words.length)
    for (const { name, definition } of files) {
      assert.equal(definition.metadata.name, `${definition.spec.names.plural}.${definition.spec.group}`)
      assert.equal(name, `${definition.spec.names.kind.toLowerCase()}.yaml`)
    }
  })

  it('are structural: one type at each node, and no keyword that an API server refuses', () => {
    for (const { name, definition } of files) {
      for (const { path, node } of nodesOf(definition.spec.versions[0].schema.openAPIV3Schema, name)) {
        assert.ok(['object', 'array', 'string', 'boolean', 'integer', 'number'].includes(node.type), `${path}: ${node.type}`)
        assert.deepEqual(
          Object.keys(node).filter((key) => !ALLOWED.has(key)),
          [],
          path,
        )
      }
    }
  })

  it('say the same to a reader of YAML 1.1, which kubectl and Helm are', () => {
    for (const { name, text, definition } of files) assert.deepEqual(parse(text, { version: '1.1' }), definition, name)
  })

  it('keep what they do not know wherever we would refuse it', () => {
    for (const { name, definition } of files) {
      const spec = definition.spec.versions[0].schema.openAPIV3Schema.properties.spec
      for (const { path, node } of nodesOf(spec, name)) {
        if (node.type === 'object') assert.equal(node['x-kubernetes-preserve-unknown-fields'], true, path)
      }
    }
  })

  it('a keyword without a translation is an error, not a rule that is lost', () => {
    assert.throws(() => structuralSchema({ type: 'object', oneOf: [] }), /'oneOf' has no place/)
    assert.throws(() => structuralSchema({ anyOf: [{ type: 'string' }, { type: 'number' }] }), /different types/)
  })

  it('name what a role needs, and no more', () => {
    assert.deepEqual(controllerRules(['Partner', 'BlockEntry']), [
      { apiGroups: ['policy.gatehouse.internal'], resources: ['partners', 'blockentries'], verbs: ['list', 'watch'] },
      { apiGroups: ['policy.gatehouse.internal'], resources: ['partners/status', 'blockentries/status'], verbs: ['patch'] },
    ])
  })
})

describe('custom resources', () => {
  const text = `apiVersion: gatehouse/v1
kind: Limits
metadata: { name: ours }
spec: { peer: { perSecond: 5 } }
---
apiVersion: gatehouse/v1
kind: BlockEntry
metadata: { name: evil }
spec: { domain: Evil.example, owner: security, reason: 'incident: 12' }
`

  it('come out of the policy in force and read back as the same objects', () => {
    const { objects } = parsePolicy([{ name: 'p.yaml', text }], { nowMs: 0 })
    const documents = exportCustomResources(objects)
      .split(/^---\n/m)
      .map((each) => parse(each))
    assert.deepEqual(
      documents.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`),
      ['policy.gatehouse.internal/v1alpha1 Limits default', 'policy.gatehouse.internal/v1alpha1 BlockEntry evil'],
    )
    for (const { kind, metadata, spec } of documents) {
      const read = readObject(kind, metadata.name, spec)
      const was = objects.find((object) => object.kind === kind)
      assert.deepEqual(read.ok ? read.object.spec : read, was?.spec)
    }
  })

  it('keep their words in YAML 1.1', () => {
    const read = readObject('Archiving', 'default', { duty: 'off', federation: 'off' })
    assert.ok(read.ok)
    assert.deepEqual(parse(exportCustomResources([read.object]), { version: '1.1' }).spec, { duty: 'off', federation: 'off' })
  })

  it('of a kind that exists once have the one name', () => {
    for (const kind of policyKindNames.filter((each) => policyKinds[each].isSingleton)) {
      const read = readObject(kind, 'any', {})
      if (read.ok) assert.equal(customResourceOf(read.object).metadata.name, 'default')
    }
  })
})
