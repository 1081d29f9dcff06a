import type { Logger, telemetryCodes } from '@gatehouse/telemetry'

type Code = keyof typeof telemetryCodes

/** Tells the log when a collector begins to refuse and when it takes again; not each time in between. */
export class ExportWatch {
  readonly #log: Pick<Logger, 'warn' | 'info'>
  readonly #failing = new Set<string>()

  constructor(log: Pick<Logger, 'warn' | 'info'>) {
    this.#log = log
  }

  /** `failure`: undefined when it was taken. */
  note(what: 'traces' | 'metrics', failure: string | undefined): void {
    if (failure !== undefined && !this.#failing.has(what)) {
      this.#failing.add(what)
      this.#log.warn(
        { code: 'GH-TELEMETRY-EXPORT' satisfies Code, what, detail: failure.slice(0, 300) },
        'the collector does not take them',
      )
    } else if (failure === undefined && this.#failing.delete(what)) this.#log.info({ what }, 'the collector takes them again')
  }
}
