import { readFileSync, statSync } from 'node:fs'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { telemetryCodes } from '@gatehouse/telemetry'

const telemetryError = errorsOf(telemetryCodes)
const LINE = /^([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?)[ \t]*$/

type Headers = Readonly<Record<string, string>>

/** Headers for the collector from a file, read again when it changes. Throws GH-TELEMETRY-HEADERS at first; later the last good ones stay. */
export function collectorHeaders(file: string | undefined): () => Headers {
  if (file === undefined) return () => ({})
  let changedMs = changeOf(file)
  let headers = read(file)
  return () => {
    try {
      const nowMs = changeOf(file)
      if (nowMs !== changedMs) {
        headers = read(file)
        changedMs = nowMs
      }
    } catch {
      // being written, or gone: what it said still counts
    }
    return headers
  }
}

function changeOf(file: string): number {
  try {
    return statSync(file).mtimeMs
  } catch (cause) {
    throw telemetryError('GH-TELEMETRY-HEADERS', messageOf(cause), { cause })
  }
}

/** Complaints name lines, never what stands there. */
function read(file: string): Headers {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw telemetryError('GH-TELEMETRY-HEADERS', messageOf(cause), { cause })
  }
  const headers: Record<string, string> = {}
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const parts = LINE.exec(line)
    if (parts === null) throw telemetryError('GH-TELEMETRY-HEADERS', `${file}, line ${index + 1}`)
    headers[parts[1] as string] = parts[2] as string
  }
  return headers
}
