import type { Health, Logger } from '@gatehouse/telemetry'
import { combineHealth } from '@gatehouse/telemetry'

/** Something that is started after those before it and stopped before them. */
export interface Part {
  readonly name: string
  readonly start: () => Promise<unknown>
  readonly stop: () => Promise<void>
  readonly health?: () => Health
}

/** Starts in order; when one fails, those that run are stopped again and the failure is thrown. */
export async function startParts(parts: readonly Part[], log: Logger): Promise<void> {
  const started: Part[] = []
  for (const part of parts) {
    try {
      await part.start()
      started.push(part)
    } catch (thrown) {
      await stopParts(started, log)
      throw thrown
    }
  }
}

/** Stops in reverse order. A part that fails to stop keeps no other from stopping. */
export async function stopParts(parts: readonly Part[], log: Logger): Promise<void> {
  for (const part of [...parts].reverse()) {
    try {
      await part.stop()
    } catch (err) {
      log.error({ err, part: part.name }, 'a part did not stop cleanly')
    }
  }
}

/** All parts as one. */
export function healthOfParts(parts: readonly Part[]): Health {
  return combineHealth(parts.flatMap((part) => (part.health === undefined ? [] : [{ service: part.name, health: part.health() }])))
}
