import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { CHART, helmTemplate, objectsOf, parseObjects } from './kit/helm.ts'

interface Rule {
  readonly alert: string
  readonly for?: string
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
}

const alerts = (): Rule[] =>
  (parse(readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules)

function renderedRules(example: string): Rule[] {
  return objectsOf(example)
    .filter(({ kind }) => kind === 'PrometheusRule')
    .flatMap(({ spec }) => (spec?.['groups'] ?? []) as { rules: Rule[] }[])
    .flatMap(({ rules }) => rules)
}

describe('files that the chart carries', { skip: skipWithout('helm4') }, () => {
  const chart = mkdtempSync(join(tmpdir(), 'gh-chart-files-'))
  before(() => cpSync(CHART, chart, { recursive: true }))
  after(() => rmSync(chart, { recursive: true }))

  it('alerts are rendered as they stand in the file', () => {
    assert.deepEqual(renderedRules('production'), alerts())
    assert.ok(alerts().length > 30)
  })

  it('values change single alerts and no other', () => {
    const rules = renderedRules('everything')
    assert.ok(!rules.some(({ alert }) => alert === 'GatehouseArchiveSlow'))
    const away = rules.find(({ alert }) => alert === 'GatehouseArchiveAway')
    assert.deepEqual([away?.labels?.['severity'], away?.for], ['warning', '10m'])
    for (const before of alerts().filter(({ alert }) => !/^GatehouseArchive(Slow|Away)$/.test(alert))) {
      const now = rules.find(({ alert }) => alert === before.alert)
      const runbook_url = `https://runbooks.contoso.example/gatehouse/${before.alert}`
      assert.deepEqual(now, { ...before, annotations: { ...before.annotations, runbook_url } })
    }
  })

  it('rules cannot be switched on in a chart that has none', () => {
    rmSync(join(chart, 'files/alerts.yaml'))
    const run = helmTemplate('production', { chart })
    assert.notEqual(run.status, 0)
    assert.match(run.err, / {2}monitoring\.rules\.enabled: but this chart has no files\/alerts\.yaml\./)
  })

  it('dashboards are put into ConfigMaps octet by octet, braces of Grafana too', () => {
    const text = `${JSON.stringify({ title: 'Example', targets: [{ legendFormat: '{{pod}} {{ "a" }}' }] }, null, 2)}\n`
    mkdirSync(join(chart, 'files/dashboards'), { recursive: true })
    writeFileSync(join(chart, 'files/dashboards/example-board.json'), text)
    const run = helmTemplate('everything', {
      chart,
      set: ['monitoring.rules.enabled=false', 'monitoring.dashboards.labels.folder=gatehouse'],
    })
    assert.equal(run.status, 0, run.err)
    const board = parseObjects(run.out).find(({ metadata }) => metadata.name === 'gh-gatehouse-dashboard-example-board')
    assert.equal(board?.data?.['example-board.json'], text)
    assert.equal(board?.metadata.labels?.['grafana_dashboard'], '1')
    assert.equal(board?.metadata.labels?.['folder'], 'gatehouse')
  })

  it('every dashboard of the chart is valid JSON and reaches its ConfigMap', () => {
    const folder = join(CHART, 'files/dashboards')
    const names = readdirSync(join(CHART, 'files')).includes('dashboards') ? readdirSync(folder) : []
    for (const name of names) {
      const board = objectsOf('everything').find(({ data }) => data?.[name] !== undefined)
      assert.deepEqual(JSON.parse(board?.data?.[name] ?? 'null'), JSON.parse(readFileSync(join(folder, name), 'utf8')), name)
    }
  })
})
