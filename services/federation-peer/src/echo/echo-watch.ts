import type { EchoWatch } from '@gatehouse/doctor'

interface Expected {
  readonly token: string
  readonly settle: (isSeen: boolean) => void
}

/** Echoes that a doctor waits for: partners send them to our own edge, as new messages. */
export class EchoInbox implements EchoWatch {
  readonly #expected = new Set<Expected>()
  readonly #setTimer: (run: () => void, delayMs: number) => () => void

  constructor(setTimer: (run: () => void, delayMs: number) => () => void) {
    this.#setTimer = setTimer
  }

  get isEmpty(): boolean {
    return this.#expected.size === 0
  }

  seen(token: string, timeoutMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const expected: Expected = {
      token,
      settle: (isSeen) => {
        cancel()
        this.#expected.delete(expected)
        resolve(isSeen)
      },
    }
    const cancel = this.#setTimer(() => expected.settle(false), timeoutMs)
    this.#expected.add(expected)
    return promise
  }

  /** True: somebody waited for this body, and it goes no further. */
  take(body: Uint8Array): boolean {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    const found = [...this.#expected].find(({ token }) => bytes.includes(token))
    found?.settle(true)
    return found !== undefined
  }
}
