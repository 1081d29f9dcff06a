import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { closestName } from './closest-name.ts'
import { describeSchema } from './describe-schema.ts'
import { toJsonSchema } from './json-schema.ts'
import { formatProblem, loadConfig } from './load-config.ts'

const schema = z.strictObject({
  name: z.string().min(1).describe('Name of this replica'),
  edge: z
    .strictObject({
      port: z.int().min(1).max(65535).default(5061).describe('Port to listen on'),
      mode: z.enum(['strict', 'lenient']).default('strict').describe('How to treat serverAuth-only certificates'),
    })
    .prefault({})
    .describe('The external edge'),
  trust: z
    .array(z.strictObject({ name: z.string(), file: z.string() }))
    .default([])
    .describe('Trust stores'),
  bus: z
    .discriminatedUnion('driver', [
      z.strictObject({ driver: z.literal('embedded') }),
      z.strictObject({ driver: z.literal('nats'), servers: z.array(z.string()).min(1) }),
    ])
    .prefault({ driver: 'embedded' })
    .describe('The bus'),
  routes: z
    .record(z.string(), z.strictObject({ host: z.string() }))
    .default({})
    .describe('Routes by domain'),
})

function problemsOf(text: string): string[] {
  const result = loadConfig(schema, text, 'g.yaml')
  return result.ok ? [] : result.problems.map(formatProblem)
}

describe('loadConfig', () => {
  it('fills in defaults and freezes deeply', () => {
    const result = loadConfig(schema, 'name: a\ntrust:\n  - {name: corp, file: ca.pem}\n', 'g.yaml')
    assert.ok(result.ok)
    assert.equal(result.config.edge.port, 5061)
    assert.deepEqual(result.config.bus, { driver: 'embedded' })
    assert.ok(Object.isFrozen(result.config.trust[0]) && Object.isFrozen(result.config.edge))
  })

  it('names every mistake at once with its line and column', () => {
    const text = [
      'nam: a',
      'edge:',
      '  prot: 1',
      '  port: many',
      '  mode: strikt',
      'trust:',
      '  - name: corp',
      'bus:',
      '  driver: nat',
    ].join('\n')
    assert.deepEqual(problemsOf(text), [
      "g.yaml:1:1: 'name' is missing (text) (GH-CONFIG-MISSING)",
      "g.yaml:1:1: unknown key 'nam'; did you mean 'name'? (GH-CONFIG-UNKNOWN-KEY)",
      "g.yaml:3:3: unknown key 'prot'; did you mean 'port'? (GH-CONFIG-UNKNOWN-KEY)",
      "g.yaml:4:9: 'edge.port' is 'many'; expected a number (GH-CONFIG-TYPE)",
      "g.yaml:5:9: 'edge.mode' is 'strikt'; allowed: strict, lenient; did you mean 'strict'? (GH-CONFIG-VALUE)",
      "g.yaml:7:5: 'trust[0].file' is missing (text) (GH-CONFIG-MISSING)",
      "g.yaml:9:11: 'bus.driver' is 'nat'; allowed: embedded, nats; did you mean 'nats'? (GH-CONFIG-VALUE)",
    ])
  })

  it('looks into the branch of a union that was meant', () => {
    assert.deepEqual(problemsOf('name: a\nbus:\n  driver: nats\n  servers: []\n  sever: x'), [
      "g.yaml:4:3: 'bus.servers': must not be empty (GH-CONFIG-VALUE)",
      "g.yaml:5:3: unknown key 'sever'; did you mean 'servers'? (GH-CONFIG-UNKNOWN-KEY)",
    ])
  })

  it('finds unknown keys below free names', () => {
    assert.deepEqual(problemsOf('name: a\nroutes:\n  contoso.example:\n    hots: x\n    host: y'), [
      "g.yaml:4:5: unknown key 'hots'; did you mean 'host'? (GH-CONFIG-UNKNOWN-KEY)",
    ])
  })

  it('refuses a key that stands twice and broken YAML', () => {
    assert.match(problemsOf('name: a\nname: b')[0] ?? '', /^g\.yaml:2:1: .*\(GH-CONFIG-DUPLICATE-KEY\)$/)
    assert.match(problemsOf('name: "a')[0] ?? '', /GH-CONFIG-SYNTAX/)
    assert.match(problemsOf('name: a\n---\nname: b')[0] ?? '', /more than one document/)
    assert.match(problemsOf('- a')[0] ?? '', /the file is a list; expected a section/)
  })

  it('says that a section left empty is empty', () => {
    assert.deepEqual(problemsOf('name: a\nedge:\n'), ["g.yaml:2:6: 'edge' is empty; expected a section (key: value) (GH-CONFIG-TYPE)"])
    assert.deepEqual(problemsOf(''), ["g.yaml:1:1: 'name' is missing (text) (GH-CONFIG-MISSING)"])
  })

  it('stops alias expansion bombs', () => {
    const bomb = `name: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`
    assert.match(problemsOf(bomb)[0] ?? '', /GH-CONFIG-SYNTAX/)
  })

  it('keeps __proto__ an ordinary unknown key', () => {
    const result = loadConfig(schema, 'name: a\n__proto__: {polluted: 1}\n', 'g.yaml')
    assert.equal(({} as { polluted?: number }).polluted, undefined)
    assert.equal(result.ok, false)
  })
})

describe('describeSchema', () => {
  it('lists every key with type, default and description', () => {
    assert.deepEqual(
      describeSchema(schema).map(
        (row) => `${row.path} | ${row.type} | ${row.default ?? (row.isRequired ? 'required' : '')} | ${row.description}`,
      ),
      [
        'name | string | required | Name of this replica',
        'edge | section |  | The external edge',
        'edge.port | integer 1…65535 | 5061 | Port to listen on',
        'edge.mode | strict | lenient | "strict" | How to treat serverAuth-only certificates',
        'trust | list of section | [] | Trust stores',
        'trust[].name | string | required | ',
        'trust[].file | string | required | ',
        'bus | section | {"driver":"embedded"} | The bus',
        'bus.driver | embedded | required | ',
        'bus.servers | list of string | required | ',
        'routes | map of section | {} | Routes by domain',
        'routes.<name>.host | string | required | ',
      ],
    )
  })

  it('refuses a schema that would ignore unknown keys', () => {
    assert.throws(() => toJsonSchema(z.strictObject({ a: z.object({ b: z.string() }) })), /z\.strictObject|unknown keys/)
  })
})

describe('closestName', () => {
  it('finds near names and nothing far off', () => {
    assert.equal(closestName('prot', ['port', 'mode']), 'port')
    assert.equal(closestName('Explian', ['explain', 'export']), 'explain')
    assert.equal(closestName('zzz', ['port', 'mode']), undefined)
  })
})
