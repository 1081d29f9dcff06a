// Draws the dashboards of the chart with what a real Prometheus says of real services, one of which is killed meanwhile, into HTML files:
//   node --conditions=@gatehouse/source test-integration/alerts/draw-dashboards.ts FOLDER [SECONDS]
// For pictures in documents where no Grafana can be had; the panels, units and expressions are those of the Grafana files.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PeerRack } from '../peers-kit/peer-rack.ts'
import type { PrometheusSeries } from '../peers-kit/prometheus.ts'
import { type DrawnPanel, pageOf } from './dashboard-page.ts'
import { type Panel, readPanels } from './dashboards.ts'
import { startWatchedSite } from './watched-site.ts'

const [folder = '.', seconds = '120'] = process.argv.slice(2)
const durationS = Number(seconds)
const rack = new PeerRack('draw-dashboards')
let isFailed = true
try {
  mkdirSync(folder, { recursive: true })
  const site = await startWatchedSite(rack)
  process.stdout.write(`traffic for ${durationS} s; both replicas of the archive are restarted after a third of it\n`)
  await pause(durationS / 3)
  for (const replica of site.replicas) if (replica.service === 'archive') await replica.restart()
  await pause((durationS * 2) / 3)
  const drawn: DrawnPanel[] = []
  for (const panel of readPanels()) drawn.push({ panel, series: await seriesOf(panel) })
  for (const dashboard of new Set(drawn.map(({ panel }) => panel.dashboard))) {
    const file = join(folder, `${dashboard.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.html`)
    writeFileSync(
      file,
      pageOf(
        dashboard,
        drawn.filter(({ panel }) => panel.dashboard === dashboard),
      ),
    )
    process.stdout.write(`${file}\n`)
  }
  isFailed = false

  async function seriesOf({ targets }: Panel): Promise<readonly { legend: string; series: PrometheusSeries }[]> {
    const found = await Promise.all(
      targets.map(async ({ expr, legendFormat }) =>
        (await site.prometheus.range(expr, durationS)).map((series) => ({ legend: legendOf(legendFormat, series.metric), series })),
      ),
    )
    return found.flat()
  }
} finally {
  await rack.stop({ isFailed })
}

function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => labels[name] ?? '')
}

function pause(s: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, s * 1000))
}
