import type { EdgeConnection, EdgeHandler } from '../connection.ts'

/** Keeps what the edge told, and lets a test wait for it. */
export class RecordingHandler implements EdgeHandler {
  readonly opened: EdgeConnection[] = []
  readonly closed: { connection: EdgeConnection; reason: string }[] = []
  readonly drained: EdgeConnection[] = []
  readonly received = new Map<EdgeConnection, Buffer[]>()
  /** Sends back what comes. */
  isEcho = false
  #watchers: { isMet: () => boolean; done: () => void }[] = []

  onOpen(connection: EdgeConnection): void {
    this.opened.push(connection)
    this.#look()
  }

  onData(connection: EdgeConnection, chunk: Buffer): void {
    const chunks = this.received.get(connection) ?? []
    chunks.push(chunk)
    this.received.set(connection, chunks)
    if (this.isEcho) connection.write(chunk.toString('latin1'), undefined)
    this.#look()
  }

  onDrain(connection: EdgeConnection): void {
    this.drained.push(connection)
    this.#look()
  }

  onClosed(connection: EdgeConnection, reason: string): void {
    this.closed.push({ connection, reason })
    this.#look()
  }

  text(connection: EdgeConnection): string {
    return Buffer.concat(this.received.get(connection) ?? []).toString('latin1')
  }

  /** Resolves as soon as the condition holds after one of the calls above. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve()
    return new Promise((resolve) => this.#watchers.push({ isMet, done: resolve }))
  }

  async nextOpen(): Promise<EdgeConnection> {
    const count = this.opened.length
    await this.until(() => this.opened.length > count)
    return this.opened[count] as EdgeConnection
  }

  async closedReason(connection: EdgeConnection): Promise<string> {
    const find = (): string | undefined => this.closed.find((entry) => entry.connection === connection)?.reason
    await this.until(() => find() !== undefined)
    return find() as string
  }

  #look(): void {
    const met = this.#watchers.filter((watcher) => watcher.isMet())
    this.#watchers = this.#watchers.filter((watcher) => !met.includes(watcher))
    for (const watcher of met) watcher.done()
  }
}
