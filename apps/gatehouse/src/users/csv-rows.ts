/** A field longer than this is a quote that was never closed. */
const MAX_FIELD = 1_048_576

/**
 * Rows of a CSV text that comes in pieces (RFC 4180: quotes, doubled quotes, line ends within quotes; LF and CRLF). Never throws: a
 * text that is no CSV is told by `problem`.
 */
export class CsvRows {
  problem: string | undefined
  #row: string[] = []
  #field = ''
  #isQuoted = false
  /** A quote within quotes was read: the next character says what it was. */
  #sawQuote = false
  #isStart = true
  #rows = 0

  /** The rows that are complete now. */
  push(text: string): string[][] {
    const rows: string[][] = []
    for (const char of text) {
      if (this.problem !== undefined) return rows
      this.#take(char, rows)
    }
    return rows
  }

  /** The last row, when the text does not end in a line end. */
  end(): string[][] {
    const rows: string[][] = []
    if (this.#isQuoted && !this.#sawQuote) this.problem ??= `row ${this.#rows + 1}: a quote is not closed`
    if (this.problem === undefined && (this.#field !== '' || this.#row.length > 0)) this.#endRow(rows)
    return rows
  }

  #take(char: string, rows: string[][]): void {
    if (this.#isQuoted) this.#takeQuoted(char, rows)
    else if (char === '"' && this.#isStart) {
      this.#isQuoted = true
      this.#isStart = false
    } else if (char === ',') this.#endField()
    else if (char === '\n') this.#endRow(rows)
    else {
      // a byte order mark stands before the first field and is none of it
      if (char !== '\uFEFF' || this.#rows > 0 || this.#row.length > 0) this.#add(char)
      if (char !== '\uFEFF') this.#isStart = false
    }
  }

  #takeQuoted(char: string, rows: string[][]): void {
    if (!this.#sawQuote) {
      if (char === '"') this.#sawQuote = true
      else this.#add(char)
      return
    }
    this.#sawQuote = false
    if (char === '"') return this.#add(char)
    this.#isQuoted = false
    if (char === ',') this.#endField()
    else if (char === '\n') this.#endRow(rows)
    else if (char !== '\r') this.problem = `row ${this.#rows + 1}: something stands after a closing quote`
  }

  #add(char: string): void {
    if (this.#field.length >= MAX_FIELD) this.problem = `row ${this.#rows + 1}: a field is longer than ${MAX_FIELD} characters`
    else this.#field += char
  }

  #endField(): void {
    this.#row.push(this.#field.endsWith('\r') ? this.#field.slice(0, -1) : this.#field)
    this.#field = ''
    this.#isStart = true
  }

  #endRow(rows: string[][]): void {
    this.#endField()
    this.#rows++
    // an empty line is no user
    if (this.#row.length > 1 || this.#row[0] !== '') rows.push(this.#row)
    this.#row = []
  }
}
