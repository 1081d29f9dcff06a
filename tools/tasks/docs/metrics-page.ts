import { isRecord, loadModules, markdownTable, titleOf } from './load-modules.ts'

interface MetricEntry {
  readonly type: string
  readonly unit: string
  readonly description: string
  readonly labels: readonly string[]
}

export async function metricsPage(): Promise<string> {
  const modules = await loadModules((path) => /(^|\/)[a-z-]*metrics\.ts$/.test(path))
  const sections: string[] = []
  for (const each of modules) {
    for (const value of Object.values(each.exports)) {
      if (!isMetricTable(value)) continue
      const rows = Object.entries(value).map(([name, entry]) => [
        `\`${name}\``,
        entry.type,
        entry.unit,
        entry.labels.map((label) => `\`${label}\``).join(' '),
        entry.description,
      ])
      sections.push(`## ${titleOf(each.workspace)}\n\n${markdownTable(['metric', 'type', 'unit', 'labels', 'meaning'], rows)}\n`)
    }
  }
  return `# Metrics

Each process answers \`/metrics\` (Prometheus text; OpenMetrics with trace ids as exemplars for whoever accepts it), \`/healthz\` and \`/readyz\` on its health address, loopback unless configured otherwise.

${sections.join('\n')}`
}

function isMetricTable(value: unknown): value is Readonly<Record<string, MetricEntry>> {
  return (
    isRecord(value) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(([name, entry]) => name.startsWith('gatehouse_') && isRecord(entry) && typeof entry['unit'] === 'string')
  )
}
