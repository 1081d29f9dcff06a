/**
 * Speed of the message side on one core, in CPU time. One JSON line per case; `perSecond` is that of the least disturbed
 * slice of 60 ms, because neighbours on the same core slow CPU time too.
 *   node --conditions=@gatehouse/source packages/sip-core/bench/parse.ts
 */
import type { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { checkMessage, encodeHead, encodeMessage, type SipRequest, SipStreamFramer } from '../src/mod.ts'

/** Long enough for a garbage collection or two in each. */
const SLICE_MS = 60
const SLICES = 40
const WARM_UP_SLICES = 8
const BATCH = 1_000

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

/** Runs `batch` (which does `BATCH` operations and gives a number) in slices; reports the best and the middle one. */
function report(name: string, batch: () => number): void {
  const slices: number[] = []
  let sink = 0
  for (let slice = 0; slice < WARM_UP_SLICES + SLICES; slice++) {
    const start = process.cpuUsage()
    let done = 0
    let usedMicros = 0
    while (usedMicros < SLICE_MS * 1000) {
      sink += batch()
      done += BATCH
      const used = process.cpuUsage(start)
      usedMicros = used.user + used.system
    }
    if (slice >= WARM_UP_SLICES) slices.push(usedMicros / done)
  }
  if (sink === 0) throw new Error('nothing was done')
  slices.sort((left, right) => left - right)
  const best = slices[0]!
  const median = slices[SLICES / 2]!
  const line = {
    case: name,
    perSecond: Math.round(1e6 / best),
    bestMicros: Number(best.toFixed(2)),
    medianMicros: Number(median.toFixed(2)),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
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

// The floor: the same bytes made text and cut into lines, nothing understood. Compare with it on a busy machine.
report('floor: split lines', () => {
  let sink = 0
  for (let index = 0; index < BATCH; index++) sink += MESSAGE.toString('latin1').split('\r\n').length
  return sink
})
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
