import { encodeMessage, SipStreamFramer } from '@gatehouse/sip-core'
import { benchBody, benchMessage, USUAL_BODY_BYTES } from '../load/message-template.ts'

export interface ParseResult {
  readonly case: 'parse' | 'rewrite'
  readonly perS: number
  readonly usPerMessage: number
  readonly messageBytes: number
}

const BATCH = 1000
const BODY = benchBody(USUAL_BODY_BYTES)

/** Functions alone, no sockets: framing and the headers a proxy needs; then the same with a proxy's edits and the bytes out. */
export function measureParse(seconds: number): ParseResult[] {
  const batch = Buffer.concat(
    Array.from({ length: BATCH }, (_, index) =>
      Buffer.from(benchMessage(`parse-0-${index + 1}`, index + 1, 'fabrikam.example', BODY), 'latin1'),
    ),
  )
  const messageBytes = Math.round(batch.length / BATCH)
  const read = (): number => drainFrames(batch, false)
  const rewrite = (): number => drainFrames(batch, true)
  return [
    { case: 'parse', ...timed(read, seconds), messageBytes },
    { case: 'rewrite', ...timed(rewrite, seconds), messageBytes },
  ]
}

function drainFrames(batch: Buffer, isRewriting: boolean): number {
  const framer = new SipStreamFramer()
  framer.handleData(batch)
  let seen = 0
  for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) {
    if (frame.kind !== 'message' || !frame.message.isRequest) throw new Error(`the parser gave ${frame.kind} for a good message`)
    const request = frame.message
    const isComplete =
      request.topVia() !== undefined &&
      request.from()?.tag !== undefined &&
      request.to() !== undefined &&
      request.callId() !== undefined &&
      request.cseq()?.method === 'MESSAGE' &&
      request.maxForwards() === 69
    if (!isComplete) throw new Error('the parser lost a header')
    if (isRewriting) {
      request.headers.set('Max-Forwards', '68')
      request.headers.prepend('Via', 'SIP/2.0/TLS edge.contoso.example:5061;branch=z9hG4bKbench')
      request.headers.append('ms-edge-proxy-message-trust', 'ms-source-type=DirectPartner;ms-ep-fqdn=edge.contoso.example')
      if (encodeMessage(request).length <= 600) throw new Error('the writer lost bytes')
    }
    seen += 1
  }
  return seen
}

function timed(run: () => number, seconds: number): { perS: number; usPerMessage: number } {
  const until = (ms: number): { count: number; elapsedMs: number } => {
    const startedMs = performance.now()
    let count = 0
    while (performance.now() - startedMs < ms) count += run()
    return { count, elapsedMs: performance.now() - startedMs }
  }
  until(500)
  const { count, elapsedMs } = until(seconds * 1000)
  return { perS: Math.round((count / elapsedMs) * 1000), usPerMessage: Math.round((elapsedMs * 1_000_000) / count) / 1000 }
}
