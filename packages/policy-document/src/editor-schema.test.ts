import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { editorSchema } from './editor-schema.ts'
import { policyKindNames } from './policy-kinds.ts'

describe('editor schema', () => {
  it('has every kind, each with its keys, defaults and descriptions, and refers to nothing that is not there', () => {
    const schema = JSON.parse(JSON.stringify(editorSchema())) as {
      allOf: { if: { properties: { kind: { const: string } } }; then: { $ref: string } }[]
      $defs: Record<
        string,
        { additionalProperties?: boolean; properties: { spec: { properties: Record<string, { description?: string }> } } }
      >
    }
    assert.deepEqual(Object.keys(schema.$defs), [...policyKindNames])
    for (const branch of schema.allOf) assert.ok(schema.$defs[branch.then.$ref.replace('#/$defs/', '')] !== undefined)
    for (const [kind, definition] of Object.entries(schema.$defs)) {
      assert.equal(definition.additionalProperties, false, kind)
      for (const [key, property] of Object.entries(definition.properties.spec.properties)) assert.ok(property.description, `${kind}.${key}`)
    }
  })
})
