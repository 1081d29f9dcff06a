// The health check of the images: asks what GATEHOUSE_HEALTH_URL names and ends with 0 when the answer is 200, else with 1 and what is not well.
// A program of its own, since a container engine runs it every few seconds: it loads nothing but Node's HTTP client.
import { get } from 'node:http'

/** Below the time that the images give it. */
const TIMEOUT_MS = 4_000
/** A body beyond this is cut: the engine keeps 4 KiB of what a health check prints. */
const MAX_TEXT = 4_000

const url = process.argv[2] ?? process.env['GATEHOUSE_HEALTH_URL'] ?? 'http://127.0.0.1:9090/readyz'

function end(code: 0 | 1, text: string): void {
  process.stdout.write(`${text.slice(0, MAX_TEXT).trim()}\n`)
  process.exitCode = code
}

try {
  const request = get(url, { timeout: TIMEOUT_MS }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (part: string) => {
      if (text.length < MAX_TEXT) text += part
    })
    response.on('end', () => end(response.statusCode === 200 ? 0 : 1, text))
  })
  request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
  request.on('error', (error) => end(1, `${url}: ${error.message}; is telemetry.health configured?`))
} catch (thrown) {
  end(1, `GATEHOUSE_HEALTH_URL ${url} is no address: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
}
