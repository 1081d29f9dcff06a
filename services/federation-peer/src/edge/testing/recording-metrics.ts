import type { EdgeSide } from '@gatehouse/im-model'

import type { EdgeMetrics } from '../connection.ts'

/** Keeps the codes that the edge counted, and lets a test wait for one. */
export class RecordingMetrics implements EdgeMetrics {
  readonly refused: string[] = []
  readonly dialFailures: string[] = []
  readonly reloads: boolean[] = []
  handshakes = 0
  #watchers: { code: string; count: number; done: () => void }[] = []

  connectionOpened(): void {}
  connectionClosed(): void {}
  bytesRead(): void {}
  bytesWritten(): void {}

  connectionRefused(_side: EdgeSide, code: string): void {
    this.refused.push(code)
    this.#watchers = this.#watchers.filter((watcher) => {
      if (this.count(watcher.code) < watcher.count) return true
      watcher.done()
      return false
    })
  }

  handshakeCompleted(): void {
    this.handshakes += 1
  }

  dialFailed(_side: EdgeSide, code: string): void {
    this.dialFailures.push(code)
  }

  certificateReloaded(_side: EdgeSide, isAccepted: boolean): void {
    this.reloads.push(isAccepted)
  }

  count(code: string): number {
    return this.refused.filter((other) => other === code).length
  }

  /** Resolves when `code` was the reason of `count` refusals. */
  refusedWith(code: string, count = 1): Promise<void> {
    if (this.count(code) >= count) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push({ code, count, done: resolve }))
  }
}
