import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Panel {
  readonly dashboard: string
  /** Heading that it stands under. */
  readonly row: string
  readonly title: string
  readonly type: 'timeseries' | 'stat'
  readonly unit: string
  /** Of 24. */
  readonly width: number
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}

interface GrafanaPanel {
  readonly type: 'row' | 'timeseries' | 'stat'
  readonly title: string
  readonly gridPos: { readonly w: number }
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } }
  readonly targets?: Panel['targets']
}

const FOLDER = join(import.meta.dirname, '../../charts/gatehouse/files/dashboards')

/** Every panel of the Grafana dashboards that the chart ships, in the order one sees them. */
export function readPanels(): readonly Panel[] {
  return readdirSync(FOLDER).flatMap((file) => {
    const { title: dashboard, panels } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { title: string; panels: GrafanaPanel[] }
    let row = ''
    return panels.flatMap(({ type, title, gridPos, fieldConfig, targets }) => {
      if (type !== 'row')
        return [{ dashboard, row, title, type, unit: fieldConfig?.defaults.unit ?? '', width: gridPos.w, targets: targets ?? [] }]
      row = title
      return []
    })
  })
}
