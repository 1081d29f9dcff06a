import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { skipWithoutPostgres } from '../peers-kit/postgres.ts'
import { readPanels } from './dashboards.ts'
import { metricTables, namesIn } from './metric-names.ts'
import { startWatchedSite } from './watched-site.ts'

/** Nothing of this happens in a healthy gateway without public networks; the expressions are still run. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set([
  'Would have been refused (mode observe)',
  'Partners that are needed and cannot be reached',
  'Dials that failed',
  'Connections refused',
  'Changed certificates, CAs and CRLs',
  'Checks that fail',
  'Records refused by the archive',
])
const WITHOUT_BRIDGE = 'Gatehouse: public networks and outbox'

describe('dashboards', () => {
  it('ask for metrics that exist, by labels that they have', async () => {
    const tables = await metricTables()
    for (const { dashboard, title, targets } of readPanels()) {
      assert.ok(targets.length > 0, title)
      for (const { expr } of targets) {
        const found = namesIn(expr)
        assert.ok(found.length > 0, `${dashboard}, ${title}: ${expr}`)
        for (const { name, labels } of found) {
          const entry = tables.get(name)
          assert.ok(entry !== undefined, `${dashboard}, ${title}: ${name}`)
          for (const label of labels) assert.ok(entry.labels.includes(label), `${dashboard}, ${title}: ${name} has no ${label}`)
        }
      }
    }
  })
})

test(
  'a real Prometheus that scrapes real services has an answer for every panel',
  { skip: skipWithout('nats-server', 'prometheus') || skipWithoutPostgres() },
  withRack('dashboards', async (rack) => {
    const site = await startWatchedSite(rack)
    const findEmpty = async (): Promise<string[]> => {
      const empty: string[] = []
      for (const { dashboard, title, targets } of readPanels()) {
        const mayBeEmpty = MAY_BE_EMPTY.has(title) || dashboard === WITHOUT_BRIDGE
        for (const { expr } of targets) {
          const series = await site.prometheus.range(expr, 10)
          if (series.length === 0 && !mayBeEmpty) empty.push(`${dashboard}, ${title}: ${expr}`)
        }
      }
      return empty
    }
    // Rates need two scrapes of series that exist, and each service is scraped at a time of its own.
    const startedMs = performance.now()
    let empty = await findEmpty()
    while (empty.length > 0 && performance.now() - startedMs < 60_000) {
      await new Promise((resolve) => setTimeout(resolve, 250))
      empty = await findEmpty()
    }
    assert.deepEqual(empty, [])
  }),
)
