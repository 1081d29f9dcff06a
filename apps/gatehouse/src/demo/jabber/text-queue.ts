import { errorsOf } from '@gatehouse/errors'
import { cliCodes } from '../../errors.ts'

const cliError = errorsOf(cliCodes)
const PATIENCE_MS = 10_000

/** Texts in the order they come, for whoever waits for the next one. */
export class TextQueue {
  readonly #texts: string[] = []
  #onText: (() => void) | undefined

  add(text: string): void {
    this.#texts.push(text)
    this.#onText?.()
  }

  async next(): Promise<string> {
    if (this.#texts.length === 0) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#onText = resolve
        timer = setTimeout(resolve, PATIENCE_MS)
      })
      clearTimeout(timer)
      this.#onText = undefined
    }
    const text = this.#texts.shift()
    if (text === undefined) throw cliError('GH-CLI-DEMO-ACT', 'the person on the public network read nothing in time')
    return text
  }
}
