import { connect } from 'node:net'
import type { Place } from '../examination.ts'
import type { Knock } from '../judge/judge-tcp.ts'

/** Opens a TCP connection and closes it again. Never rejects. */
export function knock(place: Place, timeoutMs: number, nowMs: () => number): Promise<Knock> {
  const { promise, resolve } = Promise.withResolvers<Knock>()
  const startedMs = nowMs()
  const socket = connect({ host: place.address, port: place.port })
  const settle = (code: string, isTimeout: boolean): void => {
    clearTimeout(timer)
    socket.destroy()
    resolve({ place, code, isTimeout, durationMs: nowMs() - startedMs })
  }
  const timer = setTimeout(() => settle('', true), timeoutMs)
  socket.once('connect', () => settle('', false))
  socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message, false))
  return promise
}
