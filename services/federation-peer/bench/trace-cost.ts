// What tracing adds to a relayed MESSAGE + 200, without sockets: the same gate without it and with 1 % of the messages traced, in
// alternation within one process, so that what else the machine does falls on all of them. Spans go to a collector in a process of its own.
// node --conditions=@gatehouse/source services/federation-peer/bench/trace-cost.ts [seconds]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createResponse, encodeMessage, SipStreamFramer } from '@gatehouse/sip-core'
import { hashedWords, otlpSpanExporter, Tracing } from '@gatehouse/telemetry'
import { GateRig } from '../src/session/gate-rig.ts'
import { RigConnection } from '../src/session/rig-connection.ts'

const COLLECTOR = `require('node:http').createServer((q, s) => q.resume().on('end', () => s.end('{}'))).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
/** So short that what is collected and what others do falls into few of them; the system's clock of CPU time tells microseconds for one's own thread. */
const SLICE = 500
/** Of the messages every hundredth is drawn, so that there are as many in each slice. */
const DRAWN_EVERY = 100
/** Messages whose spans go out together: one batch. */
const CHUNK = 25 * SLICE
const WARM_UP_CHUNKS = 2

/** Answers 200 for each request at once. */
class EchoInside extends RigConnection {
  override write(head: string, body: Uint8Array | undefined): boolean {
    const framer = new SipStreamFramer()
    framer.handleData(Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]))
    const frame = framer.takeFrame()
    if (frame?.kind === 'message' && frame.message.isRequest)
      answers.push(encodeMessage(createResponse(frame.message, 200, undefined, { toTag: 'b' })))
    return true
  }
}

class Sender extends RigConnection {
  override write(): boolean {
    return true
  }
}

interface Candidate {
  readonly name: string
  readonly tracing: Tracing | undefined
  /** CPU per message in each slice, µs. */
  readonly passing: number[]
  /** CPU per message of sending the spans of a chunk, µs. */
  readonly sending: number[]
  readonly run: (from: number, count: number) => void
}

const answers: Buffer[] = []
let exported = 0
let lost: string | undefined
let drawn = 0
const seconds = Number(process.argv[2] ?? 10)
const collector = spawn(process.execPath, ['-e', COLLECTOR], { stdio: ['ignore', 'pipe', 'inherit'] })
const [port] = (await once(collector.stdout, 'data')) as [Buffer]
const endpoint = `http://127.0.0.1:${port.toString().trim()}`

function candidate(name: string, ratio: number | undefined): Candidate {
  const tracing = ratio === undefined ? undefined : tracingWith(ratio)
  const rig = new GateRig({ archive: 'off', ...(tracing === undefined ? {} : { tracer: tracing.tracer('federation-peer', 'bench') }) })
  const inside = rig.adopt(new EchoInside((connection, bytes) => rig.session.onData(connection, bytes), 'internal', true, rig.inside.peer))
  const sender = new Sender((connection, bytes) => rig.session.onData(connection, bytes), 'external', false, rig.partnerLink.peer)
  rig.session.onOpen(sender)
  const run = (from: number, count: number): void => {
    for (let at = 0; at < count; at++) {
      rig.session.onData(sender, messageBytes(from + at))
      for (const answer of answers) rig.session.onData(inside, answer)
      answers.length = 0
    }
  }
  return { name, tracing, passing: [], sending: [], run }
}

function tracingWith(ratio: number): Tracing {
  return new Tracing(
    { sampling: { ratio, failuresPerSecond: 10 }, words: hashedWords('a key for the bench'), version: 'bench' },
    {
      random: draw,
      delayMs: 3_600_000, // sent when it is measured
      exporter: otlpSpanExporter({ endpoint, headers: () => ({}), timeoutMs: 5_000 }),
      onExported: (spans, failure) => {
        if (failure === undefined) exported += spans
        else lost ??= failure
      },
    },
  )
}

function messageBytes(at: number): Buffer {
  const body = `Hello number ${at}, this is a message of ordinary length for people who write to each other at work.`
  return Buffer.from(
    `MESSAGE sip:alice@contoso.example SIP/2.0\r\nVia: SIP/2.0/TLS sip.fabrikam.example:5061;branch=z9hG4bK${at.toString(36)}x\r\nVia: SIP/2.0/TLS 10.1.1.7:5061;branch=z9hG4bK0a${at};received=10.1.1.7\r\nMax-Forwards: 69\r\nFrom: "Carol" <sip:carol@fabrikam.example>;tag=${at}\r\nTo: <sip:alice@contoso.example>\r\nCall-ID: ${at}@fabrikam.example\r\nCSeq: 1 MESSAGE\r\nUser-Agent: Example/1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    'latin1',
  )
}

/** Evenly instead of by chance. */
function draw(): number {
  return ++drawn % DRAWN_EVERY === 0 ? 0 : 1
}

function usSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function round2(us: number): number {
  return Number(us.toFixed(2))
}

function percentile(numbers: readonly number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length * percent) / 100)] as number
}

const candidates = [candidate('none', undefined), candidate('1%', 0.01)]
let at = 0
// At 1 % the code of spans is settled after minutes only; here every message is traced until it is.
const warming = candidate('all', 1)
for (let turn = 0; turn < 250; turn++) {
  warming.run(at, 125)
  await warming.tracing?.flush()
  at += 125
}
await warming.tracing?.stop()
exported = 0
const untilMs = performance.now() + seconds * 1000
for (let round = 0; round <= WARM_UP_CHUNKS || performance.now() < untilMs; round++) {
  // slice by slice in turns: whatever else the machine does falls on all of them
  for (let slice = 0; slice < CHUNK / SLICE; slice++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const each = candidates[(slice + turn) % candidates.length] as Candidate
      const before = process.cpuUsage()
      each.run(at, SLICE)
      if (round >= WARM_UP_CHUNKS) each.passing.push(usSince(before) / SLICE)
      at += SLICE
    }
  }
  for (const each of candidates) {
    // what the slices put off, and the engine with them, is not the exporter's
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
    const before = process.cpuUsage()
    await each.tracing?.flush()
    if (round >= WARM_UP_CHUNKS) each.sending.push(usSince(before) / CHUNK)
  }
}
collector.kill()
for (const { tracing } of candidates) await tracing?.stop()
const [none] = candidates.map(({ passing }) => percentile(passing, 10)) as [number]
for (const { name, passing, sending } of candidates) {
  const [pass, send] = [percentile(passing, 10), percentile(sending, 50)]
  const line = {
    case: 'trace-cost',
    traced: name,
    slices: passing.length,
    cpuUsPerMessage: round2(pass + send),
    passing: round2(pass),
    passingInMiddleSlice: round2(percentile(passing, 50)),
    sending: round2(send),
    ratio: Number(((pass + send) / none).toFixed(4)),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
process.stdout.write(`${exported} spans went out\n`)
if (lost !== undefined) throw new Error(`spans were lost: ${lost}`)
