import type { PrometheusSeries } from '../peers-kit/prometheus.ts'
import type { Panel } from './dashboards.ts'

export interface DrawnPanel {
  readonly panel: Panel
  readonly series: readonly { readonly legend: string; readonly series: PrometheusSeries }[]
}

const COLOURS = ['#2f7ed8', '#e4572e', '#17a398', '#8e5ea2', '#c49a00', '#5b6c7d', '#d6336c', '#2b8a3e']
const [WIDTH, HEIGHT] = [560, 170]
const LEFT = 62

/** One dashboard as a page of its own: HTML with SVG, no script. */
export function pageOf(title: string, panels: readonly DrawnPanel[]): string {
  let row = ''
  const cells = panels.map(({ panel, series }) => {
    const heading = panel.row === row ? '' : `<h2>${escaped(panel.row)}</h2>`
    row = panel.row
    const body = panel.type === 'stat' ? stat(panel, series) : chart(panel, series)
    return `${heading}<section style="grid-column: span ${panel.width}"><h3>${escaped(panel.title)}</h3>${body}</section>`
  })
  return `<!doctype html><meta charset="utf-8"><title>${escaped(title)}</title><style>
body { font: 13px/1.4 "DejaVu Sans", sans-serif; margin: 16px; color: #1f2933; background: #f4f5f7; }
main { display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px; }
h1 { font-size: 18px; } h2 { grid-column: 1 / -1; font-size: 14px; margin: 12px 0 0; } h3 { font-size: 12px; margin: 0 0 4px; }
section { background: #fff; border: 1px solid #dde1e6; border-radius: 4px; padding: 8px; min-width: 0; }
.stat { font-size: 24px; } svg { width: 100%; height: auto; } .key { margin-right: 10px; white-space: nowrap; font-size: 11px; }
</style><h1>${escaped(title)}</h1><main>${cells.join('\n')}</main>`
}

function stat(panel: Panel, series: DrawnPanel['series']): string {
  const value = series[0]?.series.values.at(-1)?.[1]
  return `<div class="stat">${value === undefined ? 'no data' : escaped(shown(value, panel.unit))}</div>`
}

function chart(panel: Panel, series: DrawnPanel['series']): string {
  const points = series.flatMap((each) => each.series.values).filter(([, value]) => Number.isFinite(value))
  if (points.length === 0) return '<div>no data</div>'
  const times = points.map(([at]) => at)
  const [from, to] = [Math.min(...times), Math.max(...times)]
  const top = Math.max(...points.map(([, value]) => value), 1e-9)
  const x = (at: number): number => LEFT + ((at - from) / Math.max(1, to - from)) * (WIDTH - LEFT - 4)
  const y = (value: number): number => HEIGHT - 14 - (Math.max(0, value) / top) * (HEIGHT - 26)
  const lines = series.map(({ series: { values } }, at) => {
    const path = values.filter(([, value]) => Number.isFinite(value)).map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`)
    return `<polyline fill="none" stroke-width="1.5" stroke="${COLOURS[at % COLOURS.length]}" points="${path.join(' ')}"/>`
  })
  const grid = [0, 0.5, 1].map((part) => {
    const value = top * part
    const label = `<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end" font-size="10">${escaped(shown(value, panel.unit))}</text>`
    return `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}" stroke="#e4e7eb"/>${label}`
  })
  const keys = series.map(
    ({ legend }, at) => `<span class="key" style="color: ${COLOURS[at % COLOURS.length]}">■ ${escaped(legend)}</span>`,
  )
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}">${grid.join('')}${lines.join('')}</svg><div>${keys.join(' ')}</div>`
}

/** Units by the names that Grafana has for them. */
function shown(value: number, unit: string): string {
  switch (unit) {
    case 's':
      return seconds(value)
    case 'percentunit':
      return `${round(value * 100)} %`
    case 'bytes':
      return `${round(value / 1024 / 1024)} MiB`
    case 'Bps':
      return `${round(value / 1024)} KiB/s`
    case 'reqps':
      return `${round(value)}/s`
    default:
      return String(round(value))
  }
}

function seconds(value: number): string {
  if (value >= 86_400 * 2) return `${round(value / 86_400)} days`
  if (value >= 1 || value === 0) return `${round(value)} s`
  return `${round(value * 1000)} ms`
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
