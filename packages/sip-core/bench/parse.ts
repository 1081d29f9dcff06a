/**
 * Speed of the message side on one core, in CPU time (so that a busy machine does not falsify it). One JSON line per case:
 *   node --conditions=@gatehouse/source packages/sip-core/bench/parse.ts
 */
import type { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { checkMessage, encodeHead, encodeMessage, type SipRequest, SipStreamFramer } from '../src/mod.ts'

const ROUND_MS = 700
const ROUNDS = 3
const BATCH = 2_000

/** 634 bytes, as an edge sends it to another: two Via, one Route, ten headers. */
const MESSAGE: Buffer = readFileSync(new URL('../testdata/typical-message.sip', import.meta.url))

/** What a proxy reads of each request. Gives a number so that nothing can be optimised away. */
function readAsProxy(request: SipRequest): number {
  return (
    request.topVia()!.branch!.length +
    request.from()!.tag!.length +
    request.to()!.uri.length +
    request.callId()!.length +
    request.cseq()!.number +
    request.maxForwards()! +
    request.routes().length +
    request.contentLength()!
  )
}

function editAsProxy(request: SipRequest): void {
  request.headers.removeFirstValue('Route')
  request.headers.set('Max-Forwards', String(request.maxForwards()! - 1))
  request.headers.prepend('Record-Route', '<sip:edge.fabrikam.example:5061;transport=tls;lr>')
  request.headers.prepend('Via', 'SIP/2.0/TLS edge.fabrikam.example:5061;branch=z9hG4bK1f.77aa02')
}

function frameOne(): SipRequest {
  const framer = new SipStreamFramer()
  framer.handleData(MESSAGE)
  const frame = framer.takeFrame()
  if (frame?.kind !== 'message' || !frame.message.isRequest) throw new Error('the sample is not a request')
  return frame.message
}

/** Runs `batch` (which does `BATCH` operations and gives a number) for some rounds, reports the best. */
function report(name: string, batch: () => number): void {
  let best = 0
  let sink = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    let done = 0
    let elapsedMs = 0
    while (elapsedMs < ROUND_MS) {
      sink += batch()
      done += BATCH
      const used = process.cpuUsage(start)
      elapsedMs = (used.user + used.system) / 1e3
    }
    best = Math.max(best, (done / elapsedMs) * 1000)
  }
  const line = { case: name, perSecond: Math.round(best), microseconds: Number((1e6 / best).toFixed(2)), bytes: MESSAGE.length }
  process.stdout.write(`${JSON.stringify(line)}\n`)
  if (sink === 0) throw new Error('nothing was done')
}

/** One long-lived framer fed with one message per chunk: how a connection delivers them. */
function eachMessage(use: (request: SipRequest) => number): () => number {
  const framer = new SipStreamFramer()
  return () => {
    let sink = 0
    for (let index = 0; index < BATCH; index++) {
      framer.handleData(MESSAGE)
      for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
        if (frame.kind === 'message' && frame.message.isRequest) sink += use(frame.message)
      }
    }
    return sink
  }
}

report(
  'frame',
  eachMessage((request) => request.method.length),
)
report('frame+read', eachMessage(readAsProxy))
report(
  'frame+check+read',
  eachMessage((request) => (checkMessage(request) === undefined ? readAsProxy(request) : 0)),
)
report(
  'frame+check+read+edit+encode',
  eachMessage((request) => {
    if (checkMessage(request) !== undefined) return 0
    const read = readAsProxy(request)
    editAsProxy(request)
    return read + encodeMessage(request).length
  }),
)
const sample = frameOne()
readAsProxy(sample)
report('edit+encode', () => {
  let sink = 0
  for (let index = 0; index < BATCH; index++) {
    const request = sample.copy()
    editAsProxy(request)
    sink += encodeMessage(request).length
  }
  return sink
})
const edited = sample.copy()
editAsProxy(edited)
report('encode edited', () => {
  let sink = 0
  for (let index = 0; index < BATCH; index++) sink += encodeMessage(edited).length
  return sink
})
report('encodeHead untouched', () => {
  let sink = 0
  for (let index = 0; index < BATCH; index++) sink += encodeHead(sample).length
  return sink
})
