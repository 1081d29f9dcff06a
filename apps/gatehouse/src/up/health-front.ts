import { type Health, type HealthCheck, type HealthServer, type MetricsRegistry, startHealthServer } from '@gatehouse/telemetry'
import type { GatehouseConfig } from './gatehouse-config.ts'

/** Answers probes from the first moment on: what is being waited for, and once there is a gateway, what that says. */
export class HealthFront {
  #server: HealthServer | undefined
  #waiting: HealthCheck | undefined
  #health: (() => Health) | undefined

  /** Rejects with GH-TELEMETRY-LISTEN. */
  async start(section: GatehouseConfig['telemetry']['health'], metrics: MetricsRegistry): Promise<void> {
    if (section === undefined) return
    this.#server = await startHealthServer({ ...section, health: () => this.health(), metrics })
  }

  /** Where it listens; undefined when nobody asked for it. */
  get place(): { readonly address: string; readonly port: number } | undefined {
    return this.#server === undefined ? undefined : { address: this.#server.address, port: this.#server.port }
  }

  waitFor(check: HealthCheck | undefined): void {
    this.#waiting = check
  }

  follow(health: () => Health): void {
    this.#health = health
  }

  health(): Health {
    const waiting = this.#waiting ?? { name: 'starting', isOk: false, detail: 'starting' }
    return this.#health?.() ?? { isLive: true, isReady: false, checks: [waiting] }
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }
}
