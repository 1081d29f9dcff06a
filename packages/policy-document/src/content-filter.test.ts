import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePolicy } from './parse-policy.ts'

function parse(...spec: readonly string[]): ReturnType<typeof parsePolicy> {
  const lines = ['apiVersion: gatehouse/v1', 'kind: ContentFilter', 'metadata: {name: im}', 'spec:', ...spec.map((line) => `  ${line}`)]
  return parsePolicy([{ name: 'p.yaml', text: `${lines.join('\n')}\n` }], { nowMs: 0 })
}

describe('ContentFilter', () => {
  it('an empty one is the filter of the reference: harmless links, 76 extensions, local links ignored', () => {
    const { isValid, objects } = parse()
    assert.ok(isValid)
    const [object] = objects
    assert.ok(object?.kind === 'ContentFilter')
    assert.equal(object.spec.links.action, 'neutralise')
    assert.equal(object.spec.links.ignoreLocal, true)
    assert.equal(object.spec.files.extensions.length, 76)
    assert.equal(object.spec.mode, 'enforce')
  })
  it('the preset of the reference is what an empty one does, by name, and what is written comes before it', () => {
    const spec = (...lines: readonly string[]) => {
      const [object] = parse(...lines).objects
      assert.ok(object?.kind === 'ContentFilter')
      const { preset: _, ...rest } = object.spec
      return rest
    }
    assert.deepEqual(spec('preset: lcs-default'), spec())
    assert.deepEqual(spec('preset: lcs-default', 'links: {action: block}'), { ...spec(), links: { ...spec().links, action: 'block' } })
    assert.equal(parse('preset: lcs').isValid, false)
  })
  it('a pattern that RE2 cannot take is a mistake with its line', () => {
    const { isValid, problems } = parse(
      'patterns:',
      "  - {name: a, pattern: 'ok', action: block, reason: r}",
      '  - name: b',
      "    pattern: '(a'",
      '    action: block',
      '    reason: r',
    )
    assert.equal(isValid, false)
    const [problem] = problems
    assert.equal(problem?.line, 8)
    assert.match(problem?.message ?? '', /no RE2 pattern: missing closing \)/)
  })
  it('prefixes, extensions and unknown keys are checked', () => {
    const { problems } = parse('links: {extraPrefixes: [xmpp], acton: block}', 'files: {extensions: [exe]}')
    const text = problems.map(({ message }) => message).join('\n')
    assert.match(text, /ends in ':'/)
    assert.match(text, /did you mean 'action'/)
    assert.match(text, /with its dot/)
  })
})
