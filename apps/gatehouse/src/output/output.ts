import type { Style } from './style.ts'

/** Where a command's answer goes: readable or JSON, never both. */
export class Output {
  readonly isJson: boolean
  readonly style: Style
  readonly #write: (text: string) => unknown

  constructor(write: (text: string) => unknown, isJson: boolean, style: Style) {
    this.#write = write
    this.isJson = isJson
    this.style = style
  }

  /** The answer: `value` for machines, `text` for people. */
  result(value: unknown, text: () => string): void {
    this.#write(this.isJson ? `${toJson(value)}\n` : text())
  }

  /** Progress for people; machines get the result only. */
  progress(text: string): void {
    if (!this.isJson) this.#write(text)
  }

  /** One of many: a line of JSON for machines. */
  item(value: unknown, text: () => string): void {
    this.result(value, text)
  }

  /** Bytes of a document that is the answer itself. */
  raw(text: string): void {
    this.#write(text)
  }
}

/** JSON on one line: 64-bit numbers as text (as protobuf's JSON has them), bytes as lower-case hex, no protobuf bookkeeping. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (name, member: unknown) => {
    if (name === '$typeName' || name === '$unknown') return undefined
    if (typeof member === 'bigint') return member.toString()
    if (member instanceof Uint8Array) return Buffer.from(member).toString('hex')
    // A Buffer has turned itself into {type, data} before it gets here.
    if (isBufferJson(member)) return Buffer.from(member.data).toString('hex')
    return member
  })
}

function isBufferJson(value: unknown): value is { data: number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { type?: unknown }).type === 'Buffer' &&
    Array.isArray((value as { data?: unknown }).data)
  )
}
