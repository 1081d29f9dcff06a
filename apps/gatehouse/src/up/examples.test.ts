import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { formatProblem, loadConfig } from '@gatehouse/config'
import { parsePolicy } from '@gatehouse/policy-document'
import { gatehouseConfig } from './gatehouse-config.ts'

const examples = join(import.meta.dirname, '../../../../examples')

/** What newcomers copy has to be right. */
describe('examples', () => {
  const configured = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'gatehouse.yaml')))
  assert.notEqual(configured.length, 0)
  for (const name of configured) {
    it(`${name} is accepted as it stands`, () => {
      const file = join(examples, name, 'gatehouse.yaml')
      const loaded = loadConfig(gatehouseConfig, readFileSync(file, 'utf8'), 'gatehouse.yaml')
      assert.deepEqual(loaded.ok ? [] : loaded.problems.map(formatProblem), [])
      const folder = join(examples, name, 'policy')
      const files = readdirSync(folder).map((each) => ({ name: each, text: readFileSync(join(folder, each), 'utf8') }))
      const parsed = parsePolicy(files, { nowMs: Date.UTC(2026, 10, 22) })
      assert.deepEqual(parsed.problems, [])
    })
  }
})
