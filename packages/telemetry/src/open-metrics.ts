import { type DataPoint, DataPointType, type Histogram, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Exemplar, HistogramWithExemplars } from './series.ts'

type LabelValues = Readonly<Record<string, unknown>>

const TOTAL = '_total'

/**
 * OpenMetrics 1.0 text. Prometheus reads exemplars in no other format; the SDK's serializer writes none, since the SDK's metrics have none.
 * Units are not written: the names carry them, and the format wants them spelled otherwise than UCUM does.
 */
export function openMetricsText(
  { scopeMetrics }: ResourceMetrics,
  exemplarsOf: (name: string) => readonly HistogramWithExemplars[],
): string {
  const lines: string[] = []
  for (const { metrics } of scopeMetrics) {
    for (const metric of metrics) if (metric.dataPoints.length > 0) addMetric(lines, metric, exemplarsOf)
  }
  lines.push('# EOF\n')
  return lines.join('\n')
}

function addMetric(lines: string[], metric: MetricData, exemplarsOf: (name: string) => readonly HistogramWithExemplars[]): void {
  const { name, description } = metric.descriptor
  switch (metric.dataPointType) {
    case DataPointType.SUM: {
      // a counter's family has its name without the suffix
      const family = name.endsWith(TOTAL) ? name.slice(0, -TOTAL.length) : name
      addHead(lines, family, 'counter', description)
      for (const point of metric.dataPoints) lines.push(`${family}${TOTAL}${labels(point.attributes)} ${number(point.value)}`)
      return
    }
    case DataPointType.GAUGE:
      addHead(lines, name, 'gauge', description)
      for (const point of metric.dataPoints) lines.push(`${name}${labels(point.attributes)} ${number(point.value)}`)
      return
    case DataPointType.HISTOGRAM: {
      addHead(lines, name, 'histogram', description)
      const examples = new Map(exemplarsOf(name).map((each) => [each.labels as LabelValues, each.exemplars]))
      for (const point of metric.dataPoints) addHistogram(lines, name, point, examples.get(point.attributes) ?? [])
      return
    }
    default:
      return // our tables have no other kinds
  }
}

function addHead(lines: string[], family: string, type: string, description: string): void {
  lines.push(`# TYPE ${family} ${type}`, `# HELP ${family} ${escaped(description)}`)
}

function addHistogram(lines: string[], name: string, point: DataPoint<Histogram>, exemplars: readonly (Exemplar | undefined)[]): void {
  const { attributes, value } = point
  const { boundaries, counts } = value.buckets
  let sum = 0
  for (const [at, count] of counts.entries()) {
    sum += count
    const bound = boundaries[at]
    const le = bound === undefined ? '+Inf' : number(bound)
    lines.push(`${name}_bucket${labels({ ...attributes, le })} ${sum}${exemplarText(exemplars[at])}`)
  }
  lines.push(`${name}_count${labels(attributes)} ${value.count}`, `${name}_sum${labels(attributes)} ${number(value.sum ?? 0)}`)
}

/** OpenMetrics §"Exemplars": labels, value, time in seconds. */
function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return ''
  return ` # {trace_id="${exemplar.traceId}"} ${number(exemplar.value)} ${(exemplar.atMs / 1000).toFixed(3)}`
}

function labels(values: LabelValues): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return Number.isNaN(value) ? 'NaN' : String(value)
}
