import type { Attack } from './attack.ts'
import { attackMessage } from './attack-message.ts'
import type { RawPeer } from './raw-peer.ts'

/** Of the gate under attack, made small so that a flood is a matter of dozens. Kept beside the rows that depend on them. */
export const attackLimits = {
  maxConnectionsPerAddress: 8,
  maxOpenPerUser: 4,
  handshakeTimeoutMs: 1000,
  messageTimeoutMs: 1500,
} as const

/** About 20 MB of requests: far more than kernel buffers and the gate's high mark hold together. */
const NEVER_READ_REQUESTS = 50_000
const STUCK_MS = 700

/** Resolves when the gate has taken nothing for a while although there is more; throws when it took everything. */
async function untilStuck(peer: RawPeer): Promise<void> {
  for (let leftBytes = Number.POSITIVE_INFINITY; ; leftBytes = peer.socket.writableLength) {
    await new Promise((resolve) => setTimeout(resolve, STUCK_MS))
    if (peer.socket.destroyed || peer.socket.writableLength === 0)
      throw new Error('the gate took everything from a peer that reads nothing')
    if (peer.socket.writableLength === leftBytes) return
  }
}

/** Issue: loop, byte-at-a-time sender … transaction flood. */
export const connectionAttacks: readonly Attack[] = [
  {
    attack: 'a sender that gives one byte at a time, and gets there',
    run: async (peer) => {
      for (const byte of attackMessage()) {
        peer.send(byte)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    answers: ['200'],
    logged: [],
    delivered: 1,
  },
  {
    attack: 'a sender that never finishes its message',
    run: (peer) => peer.send(attackMessage().slice(0, 200)),
    answers: ['closed'],
    logged: ['GH-PEER-SLOW-SENDER'],
  },
  {
    attack: 'a receiver that never reads',
    run: async (peer, arena) => {
      const deaf = await arena.connect('partner', { localAddress: '127.0.0.3' })
      deaf.socket.pause()
      for (let each = 0; each < NEVER_READ_REQUESTS; each += 1) deaf.send(attackMessage({ to: 'victim@litware.example' }))
      // Back-pressure instead of memory: the gate stops reading from whoever does not read its answers …
      await untilStuck(deaf)
      // … and serves everybody else meanwhile.
      peer.send(attackMessage())
    },
    answers: ['200'],
    logged: ['GH-POLICY-RELAY'],
    delivered: 1,
  },
  {
    attack: 'TCP without a TLS handshake',
    run: async (peer, arena) => {
      const halfOpen = await arena.connectTcp()
      halfOpen.write(Buffer.from([0x16, 0x03, 0x01, 0x02]))
      await new Promise<void>((resolve) => halfOpen.once('close', () => resolve()))
      peer.send(attackMessage())
    },
    answers: ['200'],
    logged: ['GH-EDGE-HANDSHAKE-TIMEOUT'],
    delivered: 1,
  },
  {
    attack: 'TLS renegotiation',
    maxVersion: 'TLSv1.2',
    run: (peer) => {
      peer.socket.renegotiate({}, () => {})
    },
    answers: ['closed'],
    logged: ['GH-EDGE-TLS-ERROR'],
  },
  {
    attack: 'connection flood from one address',
    run: async (peer, arena) => {
      const crowd = await Promise.all(
        Array.from({ length: attackLimits.maxConnectionsPerAddress * 3 }, () => arena.connect('partner', { localAddress: '127.0.0.4' })),
      )
      const isDropped = crowd.filter((each) => each.outcome.includes('closed')).length
      if (isDropped < attackLimits.maxConnectionsPerAddress * 2) throw new Error(`only ${isDropped} connections were dropped`)
      peer.send(attackMessage())
    },
    answers: ['200'],
    logged: ['GH-EDGE-TOO-MANY-FROM-ADDRESS'],
    delivered: 1,
  },
  {
    attack: 'transaction flood by one sender',
    run: async (peer, arena) => {
      const release = arena.holdInside()
      for (let each = 0; each < attackLimits.maxOpenPerUser + 3; each += 1) peer.send(attackMessage())
      await peer.waitForEvents(3)
      release()
    },
    answers: ['503', '503', '503', '200', '200', '200', '200'],
    logged: ['GH-PEER-BUSY'],
    delivered: attackLimits.maxOpenPerUser,
  },
]
