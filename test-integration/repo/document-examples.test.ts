import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { formatProblem, loadConfig } from '@gatehouse/config'
import { formatDocumentProblem, parsePolicy } from '@gatehouse/policy-document'
import { gatehouseConfig } from 'gatehouse'
import { filesIn, root } from './source-tree.ts'

/** A reader copies what stands in a fence: it has to work. */
const documents = [...filesIn(['docs'], ['.md']), ...filesIn(['packages', 'services', 'apps'], ['README.md'])]
  .concat(['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })))
  .filter((file) => !file.path.startsWith('docs/reference/'))
const fences = documents.flatMap((file) =>
  [...file.text.matchAll(/^[ ]*```(\w+)\n([\s\S]*?)^[ ]*```/gm)].map((match) => ({
    path: file.path,
    language: match[1] as string,
    text: match[2] as string,
  })),
)

describe('examples in documents', () => {
  it('policy documents are valid', () => {
    const policies = fences.filter((fence) => fence.language === 'yaml' && fence.text.includes('apiVersion: gatehouse/v1'))
    assert.ok(policies.length > 0)
    for (const policy of policies) {
      const result = parsePolicy([{ name: policy.path, text: policy.text }], { nowMs: Date.now() })
      const errors = result.problems.filter((problem) => problem.severity === 'error')
      assert.deepEqual(errors.map(formatDocumentProblem), [], policy.path)
    }
  })

  it('configuration files are valid', () => {
    // Values of the chart say so in their first line; the chart's tests give them to Helm.
    const configs = fences.filter(
      (fence) => fence.language === 'yaml' && /^federationPeer:/m.test(fence.text) && !fence.text.startsWith('# values.yaml'),
    )
    assert.ok(configs.length > 0)
    for (const config of configs) {
      const result = loadConfig(gatehouseConfig, config.text, config.path)
      assert.deepEqual(result.ok ? [] : result.problems.map(formatProblem), [])
    }
  })

  it('commands and their options exist', () => {
    const reference = readFileSync(join(root, 'docs/reference/cli.md'), 'utf8')
    const sections = new Map(
      reference
        .split(/^## gatehouse /m)
        .slice(1)
        .map((section) => [section.slice(0, section.indexOf('\n')), section]),
    )
    const wrong: string[] = []
    for (const fence of fences.filter(({ language }) => language === 'sh')) {
      for (const match of fence.text.matchAll(/^(?:npm run )?gatehouse (?:-- )?([^#|\n]+)/gm)) {
        const line = (match[1] as string).trim()
        // the longest name wins, as on the command line
        const names = [...sections.keys()].filter((each) => line === each || line.startsWith(`${each} `))
        const name = names.toSorted((a, b) => b.length - a.length)[0]
        if (name === undefined) wrong.push(`${fence.path}: gatehouse ${line}`)
        const known = `${sections.get(name ?? '') ?? ''} --json --help ${reference.slice(0, reference.indexOf('## '))}`
        for (const option of line.matchAll(/\s(--[a-z-]+)/g))
          if (!known.includes(option[1] as string)) wrong.push(`${fence.path}: gatehouse ${line}: ${option[1]}`)
      }
    }
    assert.deepEqual(wrong, [])
  })
})
