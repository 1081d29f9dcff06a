import { judgeHandshake, judgeTlsFailure, mayBePlain } from '../judge/judge-tls.ts'
import { afterHandshake } from '../wire/after-handshake.ts'
import type { DialedTls } from '../wire/dial-tls.ts'
import { dialTls } from '../wire/dial-tls.ts'
import { peekPlain } from '../wire/peek-plain.ts'
import { type Step, skipped } from './step.ts'

/** A server refuses a certificate within one round trip; four leave room for a slow one. */
const QUIET_ROUND_TRIPS = 4
const QUIET_LEAST_MS = 300
const QUIET_MOST_MS = 2_000

export const tlsStep: Step = {
  name: 'tls',
  run: async (examination, gate) => {
    const { place, options } = examination
    if (place === undefined) return skipped('nothing answers')
    const serverName = options.at?.serverName ?? place.host
    const dialed = await dialTls({
      address: place.address,
      port: place.port,
      serverName,
      context: gate.context(),
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      nowMs: () => performance.now(),
    })
    if (!dialed.ok) {
      const plain = mayBePlain(dialed) ? await peekPlain(place, options.timeoutMs) : undefined
      return { findings: judgeTlsFailure(dialed, plain), facts: [] }
    }
    examination.dialed = dialed
    const end = await afterHandshake(dialed.socket, quietMs(dialed))
    if (end.after === 'closed') dialed.socket.destroy()
    return {
      findings: judgeHandshake(end),
      facts: [
        ['tls', `${dialed.tlsVersion} ${dialed.cipher}`],
        ['handshake', `${dialed.handshakeMs.toFixed(1)} ms`],
        ['asks for our certificate', end.asksForCertificate ? 'yes' : 'no'],
      ],
    }
  },
}

function quietMs({ handshakeMs }: DialedTls): number {
  return Math.min(QUIET_MOST_MS, Math.max(QUIET_LEAST_MS, handshakeMs * QUIET_ROUND_TRIPS))
}
