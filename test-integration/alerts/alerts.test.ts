import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { findTool, skipWithout } from '../peers-kit/find-tool.ts'
import { type AlertCase, alertCases, type Series } from './alert-cases.ts'
import { metricTables, namesIn } from './metric-names.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const RULES = join(REPOSITORY, 'charts/gatehouse/files/alerts.yaml')
const RUNBOOKS = join(REPOSITORY, 'docs/runbooks')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules)

function promtool(...args: readonly string[]): void {
  const run = spawnSync(findTool('promtool') ?? '', args, { encoding: 'utf8' })
  assert.equal(run.status, 0, `${run.stdout}${run.stderr}`)
}

function testOf(rule: Rule, each: AlertCase, isFiring: boolean): object {
  const series: Series = isFiring ? each.fires : each.calm
  const expected = { exp_labels: { severity: rule.labels['severity'], ...each.labels } }
  // Words are checked by eye; promtool compares annotations only when they are given, and then all of them.
  return {
    name: `${rule.alert} ${isFiring ? 'fires' : 'is calm'}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: `${each.atMinute}m`, alertname: rule.alert, exp_alerts: isFiring ? [expected] : [] }],
  }
}

describe('alerts', () => {
  it('each has a case that fires and one that is calm, a page, a severity and words', () => {
    const names = rules.map(({ alert }) => alert)
    assert.deepEqual(Object.keys(alertCases).toSorted(), names.toSorted())
    const pages = readdirSync(RUNBOOKS).filter((file) => file !== 'README.md')
    assert.deepEqual(pages.toSorted(), names.map((name) => `${name}.md`).toSorted())
    const index = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8')
    for (const { alert, labels, annotations } of rules) {
      assert.ok(['page', 'warning', 'ticket'].includes(labels['severity'] ?? ''), alert)
      assert.ok(annotations['summary'] && annotations['description'], alert)
      assert.ok(index.includes(`[${alert}](${alert}.md) | ${labels['severity']}`), `${alert} in the index`)
    }
  })

  it('ask for metrics that exist, by labels that they have', async () => {
    const tables = await metricTables()
    for (const { alert, expr } of rules) {
      const found = namesIn(expr)
      assert.ok(found.length > 0, alert)
      for (const { name, labels } of found) {
        const entry = tables.get(name)
        assert.ok(entry !== undefined, `${alert}: ${name}`)
        for (const label of labels) assert.ok(entry.labels.includes(label) || label === 'le', `${alert}: ${name} has no ${label}`)
      }
    }
  })

  it('fire when they should and not when they should not (promtool)', { skip: skipWithout('promtool') }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-alerts-'))
    try {
      promtool('check', 'rules', RULES)
      // The words of an alert are part of what promtool compares: rules without them are what is tested.
      const bare = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Record<string, unknown>[] }[] }
      for (const group of bare.groups) for (const rule of group.rules) delete rule['annotations']
      writeFileSync(join(folder, 'rules.yaml'), stringify(bare))
      const tests = rules.flatMap((rule) => {
        const each = alertCases[rule.alert] as AlertCase
        return [testOf(rule, each, true), testOf(rule, each, false)]
      })
      writeFileSync(join(folder, 'tests.yaml'), stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests }))
      promtool('test', 'rules', join(folder, 'tests.yaml'))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
