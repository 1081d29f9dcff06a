import { checkMessage, encodeMessage, type SipRequest, SipStreamFramer } from '@gatehouse/sip-core'
import { benchBody, benchMessage, USUAL_BODY_BYTES } from '../load/message-template.ts'

export interface ParseResult {
  readonly case: 'parse' | 'parse-checked' | 'serialise' | 'rewrite'
  /** In the slice that took least: what else the machine does only adds. */
  readonly perS: number
  readonly perSInMiddleSlice: number
  readonly usPerMessage: number
  readonly messageBytes: number
}

const BATCH = 100
const BODY = benchBody(USUAL_BODY_BYTES)

/**
 * Functions alone, no sockets: framing with the headers that a proxy needs; the same with the syntax checks; a proxy's edits on a copy
 * of a request and the bytes out; and all of it.
 */
export function measureParse(seconds: number): ParseResult[] {
  const batch = Buffer.concat(
    Array.from({ length: BATCH }, (_, index) =>
      Buffer.from(benchMessage(`parse-0-${index + 1}`, index + 1, 'fabrikam.example', BODY), 'latin1'),
    ),
  )
  const messageBytes = Math.round(batch.length / BATCH)
  const parsed: SipRequest[] = []
  drainFrames(batch, (request) => {
    readAll(request)
    parsed.push(request)
  })
  const runs: readonly (readonly [ParseResult['case'], () => void])[] = [
    ['parse', () => drainFrames(batch, readAll)],
    ['parse-checked', () => drainFrames(batch, readChecked)],
    ['serialise', () => parsed.forEach(writeEdited)],
    [
      'rewrite',
      () =>
        drainFrames(batch, (request) => {
          readChecked(request)
          writeEdited(request)
        }),
    ],
  ]
  return runs.map(([name, run]) => ({ case: name, ...timed(run, seconds), messageBytes }))
}

function drainFrames(batch: Buffer, take: (request: SipRequest) => void): void {
  const framer = new SipStreamFramer()
  framer.handleData(batch)
  let seen = 0
  for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
    if (frame.kind !== 'message' || !frame.message.isRequest) throw new Error(`the parser gave ${frame.kind} for a good message`)
    take(frame.message)
    seen += 1
  }
  if (seen !== BATCH) throw new Error(`${seen} of ${BATCH} messages`)
}

function readChecked(request: SipRequest): void {
  if (checkMessage(request) !== undefined) throw new Error('the check refuses a good message')
  readAll(request)
}

function readAll(request: SipRequest): void {
  const isComplete =
    request.topVia() !== undefined &&
    request.from()?.tag !== undefined &&
    request.to() !== undefined &&
    request.callId() !== undefined &&
    request.cseq()?.method === 'MESSAGE' &&
    request.maxForwards() === 69
  if (!isComplete) throw new Error('the parser lost a header')
}

function writeEdited(received: SipRequest): void {
  const request = received.copy()
  request.headers.set('Max-Forwards', '68')
  request.headers.prepend('Via', 'SIP/2.0/TLS edge.contoso.example:5061;branch=z9hG4bKbench')
  request.headers.append('ms-edge-proxy-message-trust', 'ms-source-type=DirectPartner;ms-ep-fqdn=edge.contoso.example')
  if (encodeMessage(request).length <= 600) throw new Error('the writer lost bytes')
}

/** A few hundred microseconds at a time, by the clock: the kernel's accounting of CPU moves in steps of milliseconds. */
function timed(run: () => void, seconds: number): Pick<ParseResult, 'perS' | 'perSInMiddleSlice' | 'usPerMessage'> {
  const sliceUs: number[] = []
  const until = (ms: number): void => {
    sliceUs.length = 0
    const startedMs = performance.now()
    while (performance.now() - startedMs < ms) {
      const before = process.hrtime.bigint()
      run()
      sliceUs.push(Number(process.hrtime.bigint() - before) / 1000)
    }
    sliceUs.sort((a, b) => a - b)
  }
  until(1000)
  until(seconds * 1000)
  const perS = (us: number | undefined): number => Math.round((BATCH * 1e6) / Math.max(1, us ?? 0))
  const best = sliceUs[0]
  return {
    perS: perS(best),
    perSInMiddleSlice: perS(sliceUs[Math.floor(sliceUs.length / 2)]),
    usPerMessage: Math.round(((best ?? 0) / BATCH) * 1000) / 1000,
  }
}
