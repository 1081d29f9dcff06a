import { Buffer } from 'node:buffer'
import type { Client, Connection, Pool, Submittable } from 'pg'

// PostgreSQL, "COPY", binary format: signature, flags and length of an extension; then per row the count of fields and per field its length.
const ROW_AT = 11 + 4 + 4
const FIELDS_AT = ROW_AT + 2

/**
 * Values of bytes from a statement, as bytes: in an ordinary answer the driver gets them as text with two letters for each, which costs the
 * server and us more than all else. Empty where a value is NULL. `sql`: a SELECT of one row, without parameters.
 */
export async function copyOut(connection: Pool | Client, sql: string): Promise<Buffer[]> {
  if (!('totalCount' in connection)) return await run(connection, sql)
  const client = await connection.connect()
  try {
    const value = await run(client, sql)
    client.release()
    return value
  } catch (thrown) {
    client.release(true)
    throw thrown
  }
}

function run(client: Pick<Client, 'query'>, sql: string): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    client.query(new CopyOut(`COPY (${sql}) TO STDOUT (FORMAT binary)`, (thrown, value) => (thrown ? reject(thrown) : resolve(value))))
  })
}

/** What the driver calls while the answer comes in; `callback` is known to it and called once. */
class CopyOut implements Submittable {
  readonly #sql: string
  readonly #parts: Buffer[] = []
  callback: (thrown: Error | null, value: Buffer[]) => void

  constructor(sql: string, callback: (thrown: Error | null, value: Buffer[]) => void) {
    this.#sql = sql
    this.callback = callback
  }

  submit(connection: Connection): void {
    connection.query(this.#sql)
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // The driver reads the next part into the same buffer.
    this.#parts.push(Buffer.from(chunk))
  }

  handleCommandComplete(): void {}

  handleError(thrown: Error): void {
    this.callback(thrown, [])
  }

  handleReadyForQuery(): void {
    this.callback(null, fieldsOf(Buffer.concat(this.#parts)))
  }
}

function fieldsOf(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let at = FIELDS_AT
  for (let left = bytes.length < at ? 0 : bytes.readInt16BE(ROW_AT); left > 0; left--) {
    const size = Math.max(0, bytes.readInt32BE(at))
    fields.push(bytes.subarray(at + 4, at + 4 + size))
    at += 4 + size
  }
  return fields
}
