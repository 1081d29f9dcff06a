import { createHash, createHmac } from 'node:crypto'
import { DEFAULT_STREAM_TIMERS, type StreamSurroundings, type StreamTimers } from '../stream/stream-types.ts'
import { DEFAULT_XML_LIMITS } from '../xml/stream-event.ts'

/** Surroundings with ids that count up, so that every run of a test is the same. */
export function testSurroundings(timers: Partial<StreamTimers> = {}): StreamSurroundings {
  let lastId = 0
  return {
    hashes: {
      sha1Hex: (text) => createHash('sha1').update(text).digest('hex'),
      sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
      hmacSha256Hex: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
    },
    newId: () => {
      lastId += 1
      return `id-${lastId}`
    },
    timers: { ...DEFAULT_STREAM_TIMERS, ...timers },
    limits: { strangers: { ...DEFAULT_XML_LIMITS, maxStanzaChars: 10_000 }, peers: DEFAULT_XML_LIMITS },
    dialbackSecret: 's3cr3tf0rd14lb4ck',
  }
}
