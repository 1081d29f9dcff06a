import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-tool.ts'
import { freePort } from './free-port.ts'
import { startProcess } from './managed-process.ts'

/** One series of an answer: its labels and its points, `[seconds, value]`. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, number])[]
}

export interface RunningPrometheus {
  readonly url: string
  /** Points of the last `seconds`, one a second. Throws with what Prometheus says of a wrong expression. */
  range(expression: string, seconds: number): Promise<readonly PrometheusSeries[]>
  stop(): Promise<void>
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly result: readonly { metric: Record<string, string>; values: (readonly [number, string])[] }[] }
}

/** A real Prometheus that scrapes those ports of this machine every second. */
export async function startPrometheus(
  folder: string,
  targets: readonly { readonly name: string; readonly port: number }[],
): Promise<RunningPrometheus> {
  const tool = findTool('prometheus')
  if (tool === undefined) throw new Error('prometheus is not installed (run test-integration/install-peers.sh)')
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const config = join(folder, 'prometheus.yaml')
  const jobs = targets.map(({ name, port: at }) => `      - { targets: ["127.0.0.1:${at}"], labels: { instance: ${name} } }`)
  writeFileSync(
    config,
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: gatehouse\n    static_configs:\n${jobs.join('\n')}\n`,
  )
  const process = await startProcess({
    name: 'prometheus',
    command: tool,
    args: [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
    logFile: join(folder, 'prometheus.log'),
    ready: { line: /Server is ready to receive web requests/ },
    readyTimeoutMs: 60_000,
  })
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    range: async (expression, seconds) => {
      const end = Date.now() / 1000
      const query = new URLSearchParams({ query: expression, start: String(end - seconds), end: String(end), step: '1' })
      const answer = (await (await fetch(`${url}/api/v1/query_range?${query.toString()}`)).json()) as Answer
      if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`)
      return answer.data.result.map(({ metric, values }) => ({
        metric,
        values: values.map(([at, value]) => [at, Number(value)] as const),
      }))
    },
    stop: () => process.stop(),
  }
}
