import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { exportPolicy } from './canonical.ts'
import { parsePolicy } from './parse-policy.ts'

const SEED = `apiVersion: gatehouse/v1
kind: FederationSettings
metadata: {name: default}
spec: {enabled: true, methods: {deny: [INFO]}}
---
apiVersion: gatehouse/v1
kind: Partner
metadata: {name: fabrikam}
spec:
  domains: [fabrikam.example, "eu.fabrikam.example"]
  edge: sip.fabrikam.example:5061
  pins: &pins []
---
apiVersion: gatehouse/v1
kind: BlockEntry
metadata: {name: evil}
spec: {address: eve@evil.example, owner: ann, reason: |
    two
    lines
  , expires: 2027-01-31}
`
const piece = fc.oneof(
  fc.constantFrom(
    '\n---\n',
    '&a',
    '*a',
    '[',
    '{',
    '}',
    ']',
    ': ',
    '- ',
    '"',
    "'",
    '\t',
    '!!binary ',
    '? ',
    '<<: ',
    '%YAML 1.2\n',
    '\u0000',
    '\ufeff',
    '# ',
    '|',
    '>',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
)

describe('any text', () => {
  it('is read or refused with places, never thrown at; what is read survives its export', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(SEED.length), fc.nat(12), piece), { minLength: 1, maxLength: 4 }), (edits) => {
        let text = SEED
        for (const [at, cut, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + cut)
        const result = parsePolicy([{ name: 'f', text }], { nowMs: 0 })
        for (const problem of result.problems) assert.ok(problem.message.length > 0 && problem.line >= 0 && problem.line <= text.length)
        const exported = exportPolicy(result.objects)
        const again = parsePolicy([{ name: 'e', text: exported }], { nowMs: 0 })
        assert.equal(exportPolicy(again.objects), exported)
      }),
      { numRuns: 150 },
    )
  })
})
