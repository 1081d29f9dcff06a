import { parseExportLine } from '@gatehouse/archive'

/** What senders and receivers saw; every text is sent once. */
export class Ledger {
  readonly #passed = new Set<string>()

  /** The sender was told 2xx. */
  answered(...texts: readonly string[]): void {
    for (const text of texts) this.#passed.add(text)
  }

  /** It arrived, whatever its sender was told. */
  delivered(text: string): void {
    this.#passed.add(text)
  }

  /** Texts without a record in an export of the whole log (JSON lines). */
  missingIn(exported: string): string[] {
    const records: Buffer[] = []
    for (const line of exported.split('\n')) {
      const parsed = parseExportLine(line)
      if (parsed?.kind === 'record') records.push(Buffer.from(parsed.record.record))
    }
    return [...this.#passed].filter((text) => !records.some((record) => record.includes(text)))
  }
}
