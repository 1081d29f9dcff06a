import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { CHART, exampleFile, examples, type HelmName, helmTemplate, idOf, objectsOf, runTool } from './kit/helm.ts'

const SCHEMAS = ['schemas', 'schemas-of-others'].flatMap((folder) => [
  '-schema-location',
  join(import.meta.dirname, folder, '{{ .ResourceKind }}{{ .KindSuffix }}.json'),
])

const byText = (a: string, b: string): number => (a < b ? -1 : 1)

describe('the chart, by the tools of its users', { skip: skipWithout('helm4', 'helm3', 'helm-unittest', 'kubeconform') }, () => {
  for (const helm of ['helm4', 'helm3'] as const satisfies readonly HelmName[]) {
    for (const example of examples) {
      it(`${helm} lint --strict takes ${example}`, () => {
        const run = runTool(helm, ['lint', CHART, '--strict', '--values', exampleFile(example)])
        assert.equal(run.status, 0, `${run.out}${run.err}`)
      })
    }
  }

  it('Helm 3 and Helm 4 render the same', () => {
    for (const example of examples) {
      // in another order: each version has its own of kinds
      const byId = (helm: HelmName): Map<string, unknown> =>
        new Map(objectsOf(example, { helm }).map((object) => [`${object.apiVersion} ${idOf(object)}`, object]))
      const [old, now] = [byId('helm3'), byId('helm4')]
      assert.deepEqual([...old.keys()].sort(byText), [...now.keys()].sort(byText), example)
      for (const [id, object] of now) assert.deepEqual(old.get(id), object, `${example}: ${id}`)
    }
  })

  it('helm-unittest passes, over every example', () => {
    const run = runTool('helm-unittest', [CHART])
    assert.equal(run.status, 0, `${run.out}${run.err}`)
    const suites = readFileSync(join(CHART, 'tests/examples_test.yaml'), 'utf8')
    const unused = examples.filter((example) => !suites.includes(`../examples/${example}.yaml`))
    assert.deepEqual(unused, [], 'examples without a test')
  })

  it('kubeconform -strict knows every field of every object', (t) => {
    const texts = examples.map((example) => helmTemplate(example).out)
    const run = runTool('kubeconform', ['-strict', '-summary', ...SCHEMAS, '-'], texts.join('\n---\n'))
    assert.equal(run.status, 0, `${run.out}${run.err}`)
    t.diagnostic(run.out.trim())
    assert.match(run.out, /Invalid: 0, Errors: 0, Skipped: 0/)
  })

  it('the values in the documents are those of an example', () => {
    const page = readFileSync(join(CHART, '../../docs/deploy-on-kubernetes.md'), 'utf8')
    const fence = /```yaml\n# values\.yaml\n([\s\S]*?)```/.exec(page)?.[1]
    assert.deepEqual(parse(fence ?? ''), parse(readFileSync(exampleFile('small-trial'), 'utf8')))
  })

  it('kubeconform refuses what it does not know: the check can fail', () => {
    const wrong = helmTemplate('minimal').out.replace('serviceAccountName:', 'serviceAcountName:')
    const run = runTool('kubeconform', ['-strict', ...SCHEMAS, '-'], wrong)
    assert.equal(run.status, 1)
    assert.match(run.out + run.err, /serviceAcountName/)
  })
})
