import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { busCodes } from '@gatehouse/bus'
import { errorsOf, GatewayError } from '@gatehouse/errors'
import { createLogger } from '@gatehouse/telemetry'
import { pauseFor, type WaitDeps, whenPossible } from './when-possible.ts'

const busError = errorsOf(busCodes)

function waiting(): { deps: WaitDeps; pauses: number[]; checks: (string | undefined)[]; log: string[]; stop: AbortController } {
  const pauses: number[] = []
  const checks: (string | undefined)[] = []
  const log: string[] = []
  const stop = new AbortController()
  const deps: WaitDeps = {
    log: createLogger({ service: 'test', level: 'info', destination: { write: (line) => void log.push(line) } }),
    stop: stop.signal,
    onWaiting: (check) => checks.push(check?.detail),
    pause: async (ms) => void pauses.push(ms),
  }
  return { deps, pauses, checks, log, stop }
}

describe('whenPossible', () => {
  it('tries again what waiting can mend, ever more slowly, and says why it waits', async () => {
    const { deps, pauses, checks, log } = waiting()
    let tries = 0
    const result = await whenPossible(
      'bus',
      async () => {
        tries++
        if (tries < 8) throw busError('GH-BUS-CONNECT', 'nats.example.org:4222: refused')
        return 'connected'
      },
      deps,
    )
    assert.equal(result, 'connected')
    assert.deepEqual(pauses, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000])
    assert.match(checks[0] ?? '', /^GH-BUS-CONNECT .*refused/)
    assert.equal(checks.at(-1), undefined)
    assert.match(log[0] ?? '', /"code":"GH-BUS-CONNECT"/)
    assert.match(log[0] ?? '', /"remedy":"Check server addresses/)
  })

  it('gives up at once where waiting helps nobody', async () => {
    const { deps, pauses } = waiting()
    await assert.rejects(
      whenPossible('bus', () => Promise.reject(busError('GH-BUS-SERVER-TOO-OLD')), deps),
      GatewayError,
    )
    await assert.rejects(
      whenPossible('bus', () => Promise.reject(new TypeError('a defect')), deps),
      TypeError,
    )
    assert.deepEqual(pauses, [])
  })

  it('ends when the process is to stop', async () => {
    const { deps, stop } = waiting()
    const pause = (ms: number, signal: AbortSignal): Promise<void> => {
      stop.abort()
      return pauseFor(ms, signal)
    }
    await assert.rejects(
      whenPossible('bus', () => Promise.reject(busError('GH-BUS-CONNECT')), { ...deps, pause }),
      GatewayError,
    )
  })
})
